/** What a command gets from the process that runs it. */
import { resolve } from 'node:path';

export interface CommandContext {
  /** The folder of the built program, where the worker and the demo stand. */
  readonly distribution: URL;
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** A path as it was given, so that messages begin with it; absolute only where the command runs for another folder. */
export function namedPath(file: string, { directory }: Pick<CommandContext, 'directory'>): string {
  return directory === process.cwd() ? file : resolve(directory, file);
}

/** Exit codes of every command. */
export const EXIT = { fine: 0, found: 1, usage: 2, interrupted: 130 } as const;

/** A fault of usage or of the configuration: one sentence for the person, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
