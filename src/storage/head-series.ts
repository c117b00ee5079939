/** A series that was selected from the head; it is empty once the head has forgotten it. */
import type { Labels } from '../labels/labels.ts';
import type { SeriesRef } from './appender.ts';
import type { Head } from './head.ts';
import type { SampleColumns, SelectedSeries } from './queryable.ts';

export class HeadSeries implements SelectedSeries {
  readonly labels: Labels;
  bareLabels: Labels | undefined;
  /** While the series is there. */
  readonly slot: number;
  readonly #head: Head;
  readonly #ref: SeriesRef;

  constructor(head: Head, slot: number) {
    this.labels = head.index.labels[slot]!;
    this.slot = slot;
    this.#head = head;
    this.#ref = head.refOf(slot);
  }

  read(startMs: number, endMs: number, into: SampleColumns): void {
    const slot = this.#head.slotOf(this.#ref);
    if (slot < 0) into.clear();
    else this.#head.chunks.read(slot, startMs, endMs, into);
  }

  readNewest(startMs: number, endMs: number, into: SampleColumns): void {
    const slot = this.#head.slotOf(this.#ref);
    if (slot < 0) into.clear();
    else this.#head.chunks.readNewest(slot, startMs, endMs, into);
  }
}
