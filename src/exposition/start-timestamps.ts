/** Start timestamps of a target's OpenMetrics bodies: the `_created` lines of their counters, summaries and histograms. */
import type { Labels } from '../labels/labels.ts';
import { METRIC_NAME } from '../labels/labels.ts';
import { LineHead, OPENMETRICS } from './line-head.ts';

const CREATED = '_created';
const MEMBER = /_(total|count|sum|bucket)$/;

export class StartTimestamps {
  readonly #families = new Set<string>();
  readonly #starts = new Map<string, number>();
  /** Where the start of each series that has a number is found. */
  readonly #keys = new Map<number, string>();

  /** Reads a whole body, in place of the one before; a line that is wrong is left to the parser. */
  begin(bytes: Uint8Array): void {
    this.#families.clear();
    this.#starts.clear();
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = text.indexOf(CREATED); at >= 0; at = text.indexOf(CREATED, at + 1)) this.#read(text, at);
    for (let at = text.indexOf('# TYPE '); at >= 0; at = text.indexOf('# TYPE ', at + 1)) {
      const line = text.toString('utf8', at, Math.max(at, text.indexOf('\n', at)));
      const family = /^# TYPE (?:"(.+)"|(\S+)) (?:counter|summary|histogram)$/.exec(line);
      if (family !== null) this.#families.add((family[1] ?? family[2])!);
    }
  }

  /** Whether the line says when another series began. */
  isCreated(labels: Labels): boolean {
    const name = labels.metricName;
    return name.endsWith(CREATED) && this.#families.has(name.slice(0, -CREATED.length));
  }

  /** Learns of a series that the cache knows by its number from now on. */
  add(series: number, labels: Labels): void {
    const name = labels.metricName;
    const family = [name.replace(MEMBER, ''), name].find((each) => this.#families.has(each));
    if (family !== undefined) this.#keys.set(series, keyOf(labels, family));
  }

  /** The start timestamp of the series in milliseconds. */
  of(series: number): number | undefined {
    const key = this.#keys.get(series);
    return key === undefined ? undefined : this.#starts.get(key);
  }

  forget(series: number): void {
    this.#keys.delete(series);
  }

  #read(bytes: Buffer, at: number): void {
    const lineStart = bytes.lastIndexOf('\n', at) + 1;
    const head = new LineHead(OPENMETRICS);
    try {
      const behind = head.read(bytes, lineStart);
      const { labels } = head.labels('unknown');
      if (!labels.metricName.endsWith(CREATED)) return;
      const seconds = Number.parseFloat(bytes.toString('latin1', behind, behind + 40));
      if (!Number.isFinite(seconds)) return;
      this.#starts.set(keyOf(labels, labels.metricName.slice(0, -CREATED.length)), Math.trunc(seconds * 1000));
    } catch {
      // The parser comes to this line too and says what is wrong.
    }
  }
}

function keyOf(labels: Labels, family: string): string {
  return labels.filter((name) => name !== 'le' && name !== 'quantile').with(METRIC_NAME, family).key;
}
