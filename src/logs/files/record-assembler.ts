/** Lines as records: the lines of a stack trace, or of any text without a time of its own, belong to the record before them. */
import { levelInText } from '../level.ts';
import { type LineForm, parseLine } from '../parse-line.ts';
import type { LogRecord } from '../record.ts';
import type { Line } from './line-splitter.ts';
import { PartialLines } from './partial-lines.ts';

const MOST_ATTACHED_LINES = 500;
const MOST_ATTACHED_LENGTH = 64 * 1024;

interface Pending {
  readonly form: LineForm;
  readonly record: LogRecord;
  readonly attached: string[];
  attachedLength: number;
  /** Lines beyond the bounds. */
  dropped: number;
}

export class RecordAssembler {
  readonly #origin: string;
  /** Tells two files of the same path apart. */
  readonly #file: string;
  readonly #partial = new PartialLines();
  #pending: Pending | undefined;
  #nowMs = 0;

  constructor(origin: string, file: string) {
    this.#origin = origin;
    this.#file = file;
  }

  /** The record that this line ends by beginning another; undefined where it did not. */
  push(piece: Line, nowMs: number): LogRecord | undefined {
    const line = this.#partial.push(piece);
    this.#nowMs = nowMs;
    if (line === undefined) return undefined;
    const continuation = this.#pending === undefined ? undefined : continuationOf(this.#pending, line.text);
    if (continuation !== undefined) {
      attach(this.#pending!, continuation);
      return undefined;
    }
    const finished = this.#finish();
    this.#begin(line, nowMs);
    return finished;
  }

  /** What waits for lines that may belong to it, and what waits for the rest of its own line. */
  flush(): readonly LogRecord[] {
    const records = [this.#finish()];
    for (let held = this.#partial.flush(); held !== undefined; held = this.#partial.flush()) {
      this.#begin(held, this.#nowMs);
      records.push(this.#finish());
    }
    return records.filter((record) => record !== undefined);
  }

  #begin(line: Line, nowMs: number): void {
    if (line.text.trim() === '') return;
    const raw = line.cutBytes === 0 ? line.text : `${line.text}… (${line.cutBytes} bytes cut)`;
    const parsed = parseLine({ id: `${this.#file}:${line.offset}`, origin: this.#origin, raw, nowMs });
    this.#pending = { ...parsed, attached: [], attachedLength: 0, dropped: 0 };
  }

  #finish(): LogRecord | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending === undefined || pending.attached.length === 0) return pending?.record;
    const dropped = pending.dropped === 0 ? [] : [`… (${pending.dropped} lines cut)`];
    const lines = [...pending.attached, ...dropped].join('\n');
    const { record } = pending;
    const stack = typeof record.fields['stack'] === 'string' ? `${record.fields['stack']}\n${lines}` : lines;
    // Tomcat puts the level on the second line.
    const level = record.level === 'unknown' ? levelInText(pending.attached[0]!) : record.level;
    return { ...record, level, fields: { ...record.fields, stack }, raw: `${record.raw}\n${lines}` };
  }
}

const CONTINUATION =
  /^(?:\s|Caused by: |Suppressed: |Traceback \(|\.\.\. \d+ more|at [\w$.<>]+[ (]|goroutine \d+ |[)}\]]+[,;]?$)/;
const EXCEPTION_LINE = /^(?:[\w$.]+\.)?[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Exit)(?::|$)/;

const CONTAINER_LINE = /^\d{4}-\d\d-\d\dT\S+ (?:stdout|stderr) F (.*)$/s;

/** What the line adds to the pending record; undefined where it begins another. */
function continuationOf(pending: Pending, line: string): string | undefined {
  // Under a container runtime, every line of a stack trace has a time of its own.
  const contained = CONTAINER_LINE.exec(line)?.[1];
  if (contained === undefined) return continues(pending, line) ? line : undefined;
  const goesOn = CONTINUATION.test(contained) || (pending.attached.length > 0 && EXCEPTION_LINE.test(contained));
  return goesOn && CONTAINER_LINE.test(pending.record.raw) ? contained : undefined;
}

/** Whether the line goes on with what the pending record began. */
function continues({ form, record, attached }: Pending, line: string): boolean {
  if (line.startsWith('{')) return false;
  if (line.trim() === '') return attached.length > 0;
  if (CONTINUATION.test(line) || (attached.length > 0 && EXCEPTION_LINE.test(line))) return true;
  // Where records of text have times, a line without one is no record.
  if (form !== 'text' || record.timestampGuessed) return false;
  const parsed = parseLine({ id: '', origin: '', raw: line, nowMs: record.timestampMs });
  return parsed.form === 'text' && parsed.record.timestampGuessed;
}

function attach(pending: Pending, line: string): void {
  const full =
    pending.attached.length >= MOST_ATTACHED_LINES || pending.attachedLength + line.length > MOST_ATTACHED_LENGTH;
  if (full) pending.dropped += 1;
  else {
    pending.attached.push(line);
    pending.attachedLength += line.length;
  }
}
