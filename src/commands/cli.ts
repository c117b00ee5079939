/** The command line's entry, called by bin/watchfire.js. */
export async function main(argv: readonly string[]): Promise<void> {
  process.exitCode = 2;
  console.error(`watchfire: nothing to do yet with ${argv.slice(2).join(' ')}`);
}
