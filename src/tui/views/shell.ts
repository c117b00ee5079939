/** The commands that show in a shell what a place shows. */

/** The query now; `options` follow it. */
export function queryCommand(expression: string, options = ''): string {
  return `watchfire query ${quoted(expression)}${options}`;
}

/** One word of a shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
