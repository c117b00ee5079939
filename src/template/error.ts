/** What a template that does not parse or does not run says, in the words of Go's `text/template`. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  /** Line of the fault in the template's text, from 1; undefined where none is known. */
  readonly line: number | undefined;
  /** Column in bytes, from 0 as Go counts it; undefined for parse errors. */
  readonly column: number | undefined;

  constructor(message: string, line?: number, column?: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/** Thrown by a function whose answer is not there yet: the execution is given up, and run again once it is. */
export class Suspension extends Error {}
