/** What is wrong with something that the user wrote, and where. */

export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** What is wrong and what to do, one line, no secret in it. */
  readonly message: string;
  /** A warning is said and lived with; an error refuses the file. */
  readonly severity: 'error' | 'warning';
}

/** `FILE:LINE:COL: message`, with `warning: ` before the message of a warning. */
export function formatProblem(problem: Problem): string {
  const mark = problem.severity === 'warning' ? 'warning: ' : '';
  return `${problem.file}:${problem.line}:${problem.column}: ${mark}${problem.message}`;
}

/** A configuration that cannot be used: at least one of the problems is an error. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/** What reading a file gave: the value, and warnings. An unusable file throws ConfigError instead. */
export interface Loaded<T> {
  readonly value: T;
  readonly warnings: readonly Problem[];
}
