/** The error of a query that does not parse or type-check. */
import { lineAndColumn, type Position } from './position.ts';
import { QueryError } from './result.ts';

export class PromqlParseError extends QueryError {
  /** What is wrong, without place and prefix. */
  readonly detail: string;
  readonly position: Position;
  readonly line: number;
  readonly column: number;

  /** The message is Prometheus': `line:column: parse error: detail`; without a position that is unknown, and said to be at the start here. */
  constructor(query: string, position: Position | undefined, detail: string) {
    const { line, column } = lineAndColumn(query, position?.start ?? 0);
    super('bad_data', `${position ? `${line}:${column}` : 'unknown position'}: parse error: ${detail}`);
    this.detail = detail;
    this.position = position ?? { start: 0, end: 0 };
    this.line = line;
    this.column = column;
  }
}
