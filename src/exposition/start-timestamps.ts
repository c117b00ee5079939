/** Start timestamps of an OpenMetrics body: the `_created` lines of its counters, summaries and histograms. */
import type { Labels } from '../labels/labels.ts';
import { METRIC_NAME } from '../labels/labels.ts';
import { LineHead, OPENMETRICS } from './line-head.ts';

const CREATED = '_created';
const MEMBER = /_(total|count|sum|bucket)$/;

export class StartTimestamps {
  readonly #families = new Set<string>();
  readonly #starts = new Map<string, number>();

  /** Reads the whole body once; a line that is wrong is left to the parser. */
  constructor(bytes: Uint8Array) {
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

  /** The start timestamp of the series in milliseconds. */
  of(labels: Labels): number | undefined {
    return this.#starts.get(keyOf(labels, labels.metricName.replace(MEMBER, '')));
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
