/** Content negotiation of a scrape, as Prometheus 3 does it: the Accept header, and the format that a Content-Type names. */
import type { NameEscapingScheme, ScrapeProtocol } from '../config/prometheus-config.ts';
import type { ExpositionFormat } from './exposition.ts';

const MEDIA_TYPES: Readonly<Record<ScrapeProtocol, string>> = {
  PrometheusProto: 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
  'PrometheusText0.0.4': 'text/plain;version=0.0.4',
  'PrometheusText1.0.0': 'text/plain;version=1.0.0',
  'OpenMetricsText0.0.1': 'application/openmetrics-text;version=0.0.1',
  'OpenMetricsText1.0.0': 'application/openmetrics-text;version=1.0.0',
};
const FORMATS: Readonly<Record<ScrapeProtocol, ExpositionFormat>> = {
  PrometheusProto: 'protobuf',
  'PrometheusText0.0.4': 'text',
  'PrometheusText1.0.0': 'text',
  'OpenMetricsText0.0.1': 'openmetrics',
  'OpenMetricsText1.0.0': 'openmetrics',
};
const BY_MEDIA_TYPE = new Map<string, ExpositionFormat>([
  ['application/vnd.google.protobuf', 'protobuf'],
  ['text/plain', 'text'],
  ['application/openmetrics-text', 'openmetrics'],
]);

/** The protocols in the order of preference; versions 1.0.0 carry the escaping scheme. */
export function acceptHeader(protocols: readonly ScrapeProtocol[], escaping: NameEscapingScheme): string {
  let weight = Object.keys(MEDIA_TYPES).length + 1;
  const parts = protocols.map((protocol) => {
    const scheme = protocol.endsWith('1.0.0') ? `;escaping=${escaping}` : '';
    return `${MEDIA_TYPES[protocol]}${scheme};q=0.${weight--}`;
  });
  return [...parts, `*/*;q=0.${weight}`].join(',');
}

/** The format of a body; a warning where the fallback had to be used. Throws an Error with Prometheus' text where there is none. */
export function formatFromContentType(
  contentType: string | undefined,
  fallback: ScrapeProtocol | undefined,
): { readonly format: ExpositionFormat; readonly warning?: string } {
  const fallbackType = fallback === undefined ? '' : MEDIA_TYPES[fallback].split(';')[0]!;
  if (contentType === undefined || contentType === '') {
    if (fallback === undefined) {
      throw new Error(
        'non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target',
      );
    }
    return {
      format: FORMATS[fallback],
      warning: `non-compliant scrape target sending blank Content-Type, using fallback_scrape_protocol "${fallbackType}"`,
    };
  }
  const media = mediaType(contentType);
  if (media === undefined) {
    if (fallback === undefined) {
      throw new Error(`cannot parse Content-Type "${contentType}" and no fallback_scrape_protocol for target`);
    }
    return {
      format: FORMATS[fallback],
      warning: `could not parse received Content-Type "${contentType}", using fallback_scrape_protocol "${fallbackType}"`,
    };
  }
  const format = BY_MEDIA_TYPE.get(media);
  if (format !== undefined) return { format };
  if (fallback === undefined) {
    throw new Error(
      `received unsupported Content-Type "${contentType}" and no fallback_scrape_protocol specified for target`,
    );
  }
  return {
    format: FORMATS[fallback],
    warning: `received unsupported Content-Type "${contentType}", using fallback_scrape_protocol "${fallbackType}"`,
  };
}

/** The media type without its parameters, in lower case; undefined where the header is malformed (RFC 2045). */
function mediaType(contentType: string): string | undefined {
  const [type, ...parameters] = splitParameters(contentType);
  const media = type!.trim().toLowerCase();
  if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+(\/[!#$%&'*+\-.^_`|~0-9a-z]+)?$/.test(media)) return undefined;
  const names = new Set<string>();
  for (const [i, parameter] of parameters.entries()) {
    const text = parameter.trim();
    if (text === '' && i === parameters.length - 1) break;
    const name = /^([!#$%&'*+\-.^_`|~0-9a-z]+)\s*=\s*(?:"(?:\\.|[^"\\])*"|[!#$%&'*+\-.^_`|~0-9a-z]+)$/i.exec(text)?.[1];
    if (name === undefined || names.has(name.toLowerCase())) return undefined;
    names.add(name.toLowerCase());
  }
  return media;
}

/** Split at the semicolons that are not within quotes. */
function splitParameters(text: string): string[] {
  return text.match(/(?:"(?:\\.|[^"\\])*"|[^;"]|"(?!.*"))+|(?<=;)(?=;|$)/gs) ?? [''];
}
