/** The time range that all views show: its length, whether its end moves with the clock, and how the keys change it. */
import type { TimeWindow } from './place.ts';

const DEFAULT_SPAN_MS = 15 * 60_000;
const LEAST_SPAN_MS = 2 * 60_000;
const SPANS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080].map((minutes) => minutes * 60_000);

export interface KeptRange {
  readonly spanMs: number;
  /** Undefined: live. */
  readonly endMs: number | undefined;
}

export class TimeRange {
  #nowMs: () => number;
  #spanMs = DEFAULT_SPAN_MS;
  #endMs: number | undefined;
  #chosen = false;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** `suit` changes nothing any more. */
  get chosen(): boolean {
    return this.#chosen;
  }

  window(): TimeWindow {
    const endMs = this.#endMs ?? this.#nowMs();
    return { startMs: endMs - this.#spanMs, endMs, live: this.#endMs === undefined };
  }

  keep(): KeptRange {
    return { spanMs: this.#spanMs, endMs: this.#endMs };
  }

  restore(kept: KeptRange): void {
    this.#spanMs = kept.spanMs;
    this.#endMs = kept.endMs;
  }

  setSpan(spanMs: number): void {
    this.#chosen = true;
    this.#spanMs = Math.max(1000, spanMs);
  }

  /** `false` where the action is not one of moving in time. */
  act(action: string): boolean {
    const { endMs, live } = this.window();
    const at = SPANS_MS.findIndex((span) => span >= this.#spanMs);
    switch (action) {
      case 'earlier':
        this.#endMs = endMs - this.#spanMs / 2;
        return true;
      case 'later': {
        const next = endMs + this.#spanMs / 2;
        this.#endMs = live || next >= this.#nowMs() ? undefined : next;
        return true;
      }
      case 'zoom-in':
        this.setSpan(SPANS_MS[Math.max(0, (at < 0 ? SPANS_MS.length : at) - 1)]!);
        return true;
      case 'zoom-out':
        this.setSpan(SPANS_MS[at < 0 ? SPANS_MS.length - 1 : Math.min(SPANS_MS.length - 1, at + 1)]!);
        return true;
      case 'live':
        this.#endMs = undefined;
        this.#spanMs = DEFAULT_SPAN_MS;
        return true;
      default:
        return false;
    }
  }

  /** A range in which the moments lie with some air around them; it stays live where they are of now. */
  focus(fromMs: number, toMs: number | undefined): void {
    const nowMs = this.#nowMs();
    const last = Math.min(toMs ?? nowMs, nowMs);
    const air = Math.max(30_000, (last - fromMs) * 0.25);
    const fitting = (ms: number): number => SPANS_MS.find((span) => span >= ms) ?? ms;
    if (nowMs - last < LEAST_SPAN_MS) {
      this.#endMs = undefined;
      this.#spanMs = fitting(nowMs - fromMs + air);
      return;
    }
    this.#spanMs = fitting(last - fromMs + 2 * air);
    this.#endMs = Math.min(nowMs, (fromMs + last) / 2 + this.#spanMs / 2);
  }

  /** Until the person chooses a range: no longer than there are samples, so that the first minutes do not hide at the edge. */
  suit(oldestMs: number): void {
    if (this.#chosen || this.#endMs !== undefined) return;
    const heldMs = this.#nowMs() - oldestMs;
    const wanted = SPANS_MS.find((span) => span >= Math.max(LEAST_SPAN_MS, heldMs)) ?? DEFAULT_SPAN_MS;
    this.#spanMs = Math.min(DEFAULT_SPAN_MS, wanted);
    this.#chosen = heldMs > DEFAULT_SPAN_MS;
  }
}
