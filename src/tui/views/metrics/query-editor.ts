/** The query being typed: completion by what can stand at the cursor, and the queries before it. */
import { type CompletionContext, completionContext, EXPRESSION_WORDS, ranked } from '../../expression/complete.ts';
import type { Desk } from '../../frame/place.ts';
import type { Key } from '../../input/keys.ts';
import { EMPTY_LINE, editLine, type LineState, lineOf, spliced } from '../../input/line-editor.ts';

const CANDIDATES = 40;
const LABELS = 500;

export class QueryEditor {
  editing = false;
  line: LineState = EMPTY_LINE;
  candidates: readonly string[] = [];
  /** Index of the candidate that stands in the line; -1 for none. */
  chosen = -1;
  #desk: Desk;
  #metrics: () => readonly string[];
  #context: CompletionContext = { kind: 'none' };
  #history: string[] = [];
  #at = 0;

  constructor(desk: Desk, metrics: () => readonly string[]) {
    this.#desk = desk;
    this.#metrics = metrics;
  }

  start(): void {
    this.editing = true;
    this.line = lineOf(this.line.text);
    this.#suggest();
  }

  stop(text: string): void {
    this.editing = false;
    this.line = lineOf(text);
  }

  /** The query that runs now. */
  ran(query: string): void {
    this.stop(query);
    if (query !== '' && this.#history.at(-1) !== query) this.#history.push(query);
    this.#at = this.#history.length;
  }

  key(key: Key): void {
    switch (key.name) {
      case 'Tab':
      case 'S-Tab':
        this.#complete(key.name === 'Tab' ? 1 : -1);
        return;
      case 'Up':
      case 'Down':
        this.#at = Math.max(0, Math.min(this.#history.length, this.#at + (key.name === 'Up' ? -1 : 1)));
        this.line = lineOf(this.#history[this.#at] ?? '');
        this.candidates = [];
        return;
      default: {
        const edited = editLine(this.line, key);
        if (edited === undefined) return;
        this.line = edited;
        this.#suggest();
      }
    }
  }

  #complete(by: number): void {
    const { length } = this.candidates;
    if (length === 0 || this.#context.kind === 'none') return;
    this.chosen = this.chosen < 0 && by < 0 ? length - 1 : (this.chosen + by + length) % length;
    this.line = spliced(this.line.text, this.#context.from, this.line.cursor, this.candidates[this.chosen]!);
  }

  /** Candidates for what stands at the cursor; those of labels come from the source a moment later. */
  #suggest(): void {
    const context = completionContext(this.line.text, this.line.cursor);
    this.#context = context;
    this.chosen = -1;
    this.candidates = [];
    if (context.kind === 'expression' && context.typed !== '') {
      this.candidates = ranked([...this.#metrics(), ...EXPRESSION_WORDS], context.typed, CANDIDATES);
    }
    if (context.kind !== 'label' && context.kind !== 'value') return;
    const { metrics } = this.#desk.monitor;
    const selection = { selectors: context.metric === '' ? [] : [context.metric], limit: LABELS };
    const asked =
      context.kind === 'label' ? metrics.labelNames(selection) : metrics.labelValues(context.label, selection);
    asked.then(
      (words) => {
        if (this.#context !== context) return;
        const names = words.filter((word) => word !== '__name__');
        this.candidates = ranked(names, context.typed, CANDIDATES);
        this.#desk.changed();
      },
      // Without candidates one types on.
      () => {},
    );
  }
}
