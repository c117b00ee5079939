/** The error of a query that does not parse or type-check. */
import { lineAndColumn, type Position } from './position.ts';
import { QueryError } from './result.ts';

export class PromqlParseError extends QueryError {
  /** What is wrong, without place and prefix. */
  readonly detail: string;
  readonly position: Position;
  readonly line: number;
  readonly column: number;

  /** The message is Prometheus': `line:column: parse error: detail`. */
  constructor(query: string, position: Position, detail: string) {
    const { line, column } = lineAndColumn(query, position.start);
    super('bad_data', `${line}:${column}: parse error: ${detail}`);
    this.detail = detail;
    this.position = position;
    this.line = line;
    this.column = column;
  }
}
