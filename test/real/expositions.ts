/** Expositions for comparing scrapers: what each format can say, and what it must not. */

export const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
export const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
export const PROTOBUF = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';

export interface Exposition {
  readonly name: string;
  /** Undefined: the header is left out. */
  readonly contentType: string | undefined;
  readonly body: Buffer | string;
  /** Further lines of its job. */
  readonly job?: readonly string[];
  /** Its exemplars have times of their own. */
  readonly ownExemplarTimes?: boolean;
}

export function generatedExpositions(): Exposition[] {
  const nowMs = Date.now();
  const nowSeconds = (nowMs / 1000).toFixed(3);
  const text = (name: string, body: string, ...job: string[]): Exposition => ({ name, contentType: TEXT, body, job });
  const open = (name: string, body: string, ...job: string[]): Exposition => ({
    name,
    contentType: OPEN_METRICS,
    body: `${body}# EOF\n`,
    job,
  });
  const labelled = 'a{x="1",y="2"} 1\nb{x="2",instance="own",job="theirs"} 2\nc{zone=""} 3\nd{x="drop"} 4\n';
  return [
    text('untyped', 'a 1\nb{c="d"} 2.5e-3\nc NaN\nd +Inf\ne -Inf\nf 0x10\ng 1_0\n'),
    text('numbers', 'a 1e400\nb 1.7976931348623157e308\nc 5e-324\nd 0x1p-2\ne -0\nf 123456789012345678901234567890\n'),
    text('infinities', 'a inf\nb -inf\nc Infinity\nd nan\n'),
    text('timestamps', `a 1 ${nowMs}\nb 2 ${nowMs - 60_000}\nc 3\n`),
    text('future', `a 1 ${nowMs - 1_200_000}\nb 2 ${nowMs + 3_600_000}\n`),
    text('ignored-timestamps', `a 1 ${nowMs - 60_000}\nb 2 ${nowMs + 3_600_000}\n`, 'honor_timestamps: false'),
    text('tracked-timestamps', `a 1 ${nowMs}\n`, 'track_timestamps_staleness: true'),
    text('duplicates', 'a 1\na 2\nb{x="1"} 1\nb{x="1"} 1\n'),
    text('duplicate-label', 'a{x="1",x="2"} 1\n'),
    text('two-timestamps', `a 1 ${nowMs - 2000}\na 2 ${nowMs - 1000}\n`),
    text('conflicting-labels', labelled),
    text('honoured-labels', labelled, 'honor_labels: true'),
    text('exported-twice', 'a{job="x",exported_job="y",exported_exported_job="z"} 1\n'),
    text(
      'relabelled',
      labelled,
      'metric_relabel_configs:',
      '  - { source_labels: [x], regex: drop, action: drop }',
      '  - { source_labels: [x, y], separator: "-", target_label: xy, regex: "(.)-(.)", replacement: "$2$1" }',
      '  - { regex: y, action: labeldrop }',
      '  - { source_labels: [__name__], target_label: __name__, regex: (b), replacement: renamed_$1 }',
      '  - { source_labels: [x], modulus: 8, target_label: shard, action: hashmod }',
    ),
    text(
      'relabelled-together',
      'a{x="1"} 1\na{x="2"} 2\n',
      'metric_relabel_configs: [{ regex: x, action: labeldrop }]',
    ),
    text('relabelled-target', 'a 1\n', 'relabel_configs:', '  - { target_label: instance, replacement: other }'),
    text('utf8-names', '{"http.requests","a.b"="c"} 1\n{"größe"} 2\nplain{"dotted.label"="ü"} 3\n'),
    text(
      'legacy-names',
      '{"http.requests"} 1\n',
      'metric_name_validation_scheme: legacy',
      'metric_name_escaping_scheme: underscores',
    ),
    text('sample-limit', 'a 1\nb 2\nc 3\n', 'sample_limit: 2'),
    text('label-limit', 'a{b="1",c="2",d="3"} 1\n', 'label_limit: 4'),
    text('label-name-limit', 'a{rather_long_label_name="1"} 1\n', 'label_name_length_limit: 10'),
    text('label-value-limit', 'a{b="a rather long value"} 1\n', 'label_value_length_limit: 12'),
    text('body-limit', `a 1\n${'# padding\n'.repeat(200)}`, 'body_size_limit: 1KB'),
    text('half-a-line', 'a 1\nb{c="d'),
    text('no-line-feed', 'a 1\nb 2'),
    text('crlf', 'a 1\r\nb 2\r\n'),
    text('html', '<html><body>404</body></html>\n'),
    text('empty', ''),
    text(
      'comments',
      '# only a comment\n\n#\n# HELP a Help with \\\\ and \\n in it\n# TYPE a gauge\na{b="\\"\\\\\\n"} 1\n',
    ),
    text('type-twice', '# TYPE a gauge\n# TYPE a counter\na 1\n# HELP a one\n# HELP a two\n'),
    text('unknown-type', '# TYPE a nonsense\na 1\n'),
    text('histogram', CLASSIC),
    text('histogram-to-nhcb', CLASSIC, 'convert_classic_histograms_to_nhcb: true'),
    text(
      'histogram-to-nhcb-kept',
      CLASSIC,
      'convert_classic_histograms_to_nhcb: true',
      'always_scrape_classic_histograms: true',
    ),
    {
      ...open(
        'openmetrics-to-nhcb-kept',
        `# TYPE h histogram\nh_bucket{le="1"} 1 # {id="b"} 1 ${nowSeconds}\nh_bucket{le="x"} 1\nh_bucket{le="+Inf"} 4 # {id="a"} 3 ${nowSeconds}\nh_sum -2\nh_count 4\nh_created 5\n# TYPE c counter\nc_total 1\nc_created 5\n`,
        'convert_classic_histograms_to_nhcb: true',
        'always_scrape_classic_histograms: true',
      ),
      ownExemplarTimes: true,
    },
    { name: 'invalid-utf8', contentType: TEXT, body: Buffer.from('a{b="\xff"} 1\n', 'latin1') },
    { name: 'no-content-type', contentType: undefined, body: 'a 1\n' },
    {
      name: 'fallback',
      contentType: undefined,
      body: 'a 1\n',
      job: ['fallback_scrape_protocol: PrometheusText0.0.4'],
    },
    { name: 'json', contentType: 'application/json', body: '{"a": 1}' },
    {
      ...open(
        'exemplars',
        `# TYPE a counter\na_total 5 # {trace_id="1"} 1 ${nowSeconds}\n# TYPE h histogram\nh_bucket{le="1"} 1 # {trace_id="2"} 0.5 ${nowSeconds}\nh_bucket{le="+Inf"} 2 # {trace_id="3",span="ü"} 7 ${nowSeconds}\nh_count 2\nh_sum 7.5\n`,
      ),
      ownExemplarTimes: true,
    },
    open('exemplars-without-time', '# TYPE a counter\na_total 5 # {trace_id="1"} 1\n'),
    open('openmetrics-kinds', KINDS),
    open('openmetrics-timestamps', `# TYPE a gauge\na 1 ${nowSeconds}\n`),
    open('openmetrics-created', `# TYPE a counter\na_total 1\na_created ${nowSeconds}\n`),
    { name: 'openmetrics-without-eof', contentType: OPEN_METRICS, body: 'a 1\n' },
    open('openmetrics-exemplar-on-gauge', '# TYPE a gauge\na 1 # {b="c"} 1\n'),
    open('openmetrics-labels', '# TYPE a counter\na_total{b="c\\nd",e="\\"f\\""} 1\n'),
    open('openmetrics-blank-line', '# TYPE a gauge\n\na 1\n'),
    open('openmetrics-utf8', '# TYPE "http.requests" counter\n{"http.requests_total","x.y"="z"} 1\n'),
  ];
}

const CLASSIC = `# HELP h Latency.
# TYPE h histogram
h_bucket{path="/",le="0.1"} 1
h_bucket{path="/",le="1"} 3
h_bucket{path="/",le="+Inf"} 4
h_sum{path="/"} 12.5
h_count{path="/"} 4
# TYPE s summary
s{quantile="0.5"} 1
s{quantile="0.9"} NaN
s_sum 3
s_count 2
`;

const KINDS = `# TYPE i info
i_info{version="1"} 1
# TYPE st stateset
st{st="on"} 1
st{st="off"} 0
# TYPE u unknown
# UNIT u_seconds seconds
u 1
# TYPE size_bytes gauge
# UNIT size_bytes bytes
# HELP size_bytes Size.
size_bytes 1
# TYPE gh gaugehistogram
gh_bucket{le="1"} 1
gh_bucket{le="+Inf"} 2
gh_gcount 2
gh_gsum 3
`;
