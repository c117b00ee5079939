/** Where in a query a thing stands, as a range of UTF-16 indexes, and how Prometheus writes that: `line:column`, both from 1, the column in bytes. */

export interface Position {
  readonly start: number;
  readonly end: number;
}

export function lineAndColumn(query: string, at: number): { readonly line: number; readonly column: number } {
  const before = query.slice(0, at);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let i = 0; i < lineStart; i++) if (before.charCodeAt(i) === 10) line++;
  return { line, column: Buffer.byteLength(before.slice(lineStart)) + 1 };
}

export function formatPosition(query: string, at: number): string {
  const { line, column } = lineAndColumn(query, at);
  return `${line}:${column}`;
}
