/** What a command gets from the process that runs it. */

export interface CommandContext {
  /** The folder of the built program, where the worker and the demo stand. */
  readonly distribution: URL;
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** Exit codes of every command. */
export const EXIT = { fine: 0, found: 1, usage: 2, interrupted: 130 } as const;

/** A fault of usage or of the configuration: one sentence for the person, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
