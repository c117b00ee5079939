import { expect, it } from 'vitest';
import { acceptHeader, formatFromContentType } from '../../src/exposition/negotiation.ts';

it('asks for protocols in the order of preference', () => {
  expect(acceptHeader(['PrometheusProto', 'PrometheusText1.0.0', 'PrometheusText0.0.4'], 'underscores')).toBe(
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,' +
      'text/plain;version=1.0.0;escaping=underscores;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.3',
  );
});

it('takes the format of the Content-Type, else the fallback with a warning, else none', () => {
  expect(formatFromContentType('text/plain; version=0.0.4; charset=utf-8', undefined)).toEqual({ format: 'text' });
  expect(formatFromContentType('Application/OpenMetrics-Text; version="1.0;0"', undefined)).toEqual({
    format: 'openmetrics',
  });
  expect(formatFromContentType('application/vnd.google.protobuf;', undefined)).toEqual({ format: 'protobuf' });
  for (const [type, words] of [
    [undefined, 'blank Content-Type'],
    ['', 'blank Content-Type'],
    ['text/html', 'unsupported Content-Type "text/html"'],
    ['text/plain; version', 'Content-Type "text/plain; version"'],
    ['text/plain; a=1; a=2', 'Content-Type "text/plain; a=1; a=2"'],
    ['/', 'Content-Type "/"'],
  ] as const) {
    expect(() => formatFromContentType(type, undefined), String(type)).toThrow(words);
    const { format, warning } = formatFromContentType(type, 'OpenMetricsText1.0.0');
    expect([format, warning]).toEqual(['openmetrics', expect.stringContaining(words)]);
  }
});
