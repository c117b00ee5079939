/** What the tests of remote write send to a real receiver: three scrapes' worth of floats, histograms, exemplars and staleness. */
import { systemClock } from '../../src/config/clock.ts';
import { defaultHttpClientConfig } from '../../src/config/http-config.ts';
import type { RemoteWriteConfig } from '../../src/config/prometheus-config.ts';
import { CUSTOM_BUCKETS_SCHEMA, type FloatHistogram } from '../../src/exposition/histogram.ts';
import { Labels } from '../../src/labels/labels.ts';
import { RemoteWrite } from '../../src/scrape/remote-write/remote-write.ts';
import { createHead } from '../../src/storage/head.ts';

const METADATA_INTERVAL_MS = 100;

export type Protocol = RemoteWriteConfig['protobufMessage'];

/** Writes at `nowMs` and one and two seconds before; every series has the label `version`. Gives what was reported on the way. */
export async function write(
  url: string,
  protocol: Protocol,
  { nowMs, version, directory }: { readonly nowMs: number; readonly version: string; readonly directory: string },
): Promise<string[]> {
  const reports: string[] = [];
  const remote = new RemoteWrite({ clock: systemClock, report: (_, text) => reports.push(text), directory });
  await remote.apply({ remoteWrites: [configFor(url, protocol)], externalLabels: Labels.of({ version }) });
  const storage = remote.tee(createHead());
  const labels = (name: string): Labels => Labels.of({ __name__: name, 'dotted.name': 'ü"\n' });
  for (let i = 0; i < 3; i++) {
    const atMs = nowMs - 2000 + i * 1000;
    const appender = storage.appender();
    appender.metadata('requests', { type: 'counter', help: 'Requests.', unit: '' });
    const counter = appender.series(labels('requests_total'));
    appender.float(counter, atMs, 0.1 + i);
    appender.exemplar(counter, { labels: Labels.of({ trace_id: `t${i}` }), value: i, timestampMs: atMs });
    appender.float(appender.series(labels('begun_total')), atMs, 5 + i, nowMs - 30_000);
    const gone = appender.series(labels('gone'));
    if (i < 2) appender.float(gone, atMs, i);
    else appender.stale(gone, atMs);
    const turning = appender.series(labels('turning'));
    if (i === 1) appender.float(turning, atMs, 7);
    else appender.histogram(turning, atMs, i === 0 ? exponential : fractional);
    const histogramGone = appender.series(labels('histogram_gone'));
    if (i < 2) appender.histogram(histogramGone, atMs, exponential);
    else appender.stale(histogramGone, atMs);
    for (let n = 0; n < 30; n++) {
      appender.float(appender.series(Labels.of({ __name__: 'many', n: String(n) })), atMs, i * n);
    }
    for (const [name, histogram] of Object.entries({ exponential, custom, fractional })) {
      appender.histogram(appender.series(labels(name)), atMs, { ...histogram, sum: histogram.sum + i });
    }
    appender.float(appender.series(labels('special')), atMs, [Number.NaN, Number.NEGATIVE_INFINITY, 5e-324][i]!);
    appender.commit();
  }
  // Metadata goes out by the clock, and not with the samples.
  await new Promise((resolve) => setTimeout(resolve, 4 * METADATA_INTERVAL_MS));
  await remote.close();
  return reports;
}

const exponential: FloatHistogram = {
  schema: 1,
  zeroThreshold: 0.001,
  zeroCount: 1,
  count: 10,
  sum: 12.5,
  positiveSpans: [
    { offset: -1, length: 2 },
    { offset: 3, length: 1 },
  ],
  negativeSpans: [{ offset: 0, length: 1 }],
  positiveBuckets: [2, 3, 1],
  negativeBuckets: [3],
  customValues: undefined,
  counterResetHint: 'unknown',
};

const custom: FloatHistogram = {
  ...exponential,
  schema: CUSTOM_BUCKETS_SCHEMA,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 6,
  positiveSpans: [{ offset: 0, length: 3 }],
  positiveBuckets: [2, 3, 1],
  negativeSpans: [],
  negativeBuckets: [],
  customValues: [0.5, 1],
};

const fractional: FloatHistogram = { ...exponential, count: 10.5, positiveBuckets: [2.5, 3, 1] };

function configFor(url: string, protobufMessage: RemoteWriteConfig['protobufMessage']): RemoteWriteConfig {
  return {
    place: { file: 'x', line: 1, column: 1 },
    url,
    remoteTimeoutMs: 5000,
    headers: {},
    protobufMessage,
    sendExemplars: true,
    sendNativeHistograms: true,
    writeRelabelConfigs: [],
    metadata: { send: true, sendIntervalMs: METADATA_INTERVAL_MS, maxSamplesPerSend: 500 },
    http: defaultHttpClientConfig,
    queue: {
      capacity: 10_000,
      maxShards: 10,
      minShards: 2,
      maxSamplesPerSend: 20,
      batchSendDeadlineMs: 100,
      minBackoffMs: 30,
      maxBackoffMs: 1000,
      retryOnHttp429: false,
      sampleAgeLimitMs: 0,
    },
  };
}
