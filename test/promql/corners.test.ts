import { expect, it } from 'vitest';
import { runPromqlTests } from '../../src/promql/testscript/run.ts';

/** What a Prometheus 3.14 answered to the same over the same data. */
const SCRIPT = `
load 1m
  c{a="1"} 0+3x20
  other_bucket{b="0",le="1"} 1x20
  other_bucket{b="0",le="+Inf"} 1x20
  d{a="2"} 0+3x20
  h{a="1"} {{schema:0 count:3 sum:4 buckets:[1 2]}}+{{schema:0 count:3 sum:4 buckets:[1 2]}}x20
  mixed 1 2 3 4 {{schema:0 count:3 sum:4 buckets:[1 2]}}x12
  custom {{schema:-53 count:10 sum:-100 custom_values:[-5 0 10] buckets:[1 2 3 4]}}x20
  nans {{schema:0 count:12 sum:NaN buckets:[1 2 3 4]}}x20
  nan_custom {{schema:-53 count:12 sum:NaN custom_values:[1 2 5] buckets:[1 2 3 0]}}x20
  few{a="1"} 1x20
  few{a="2"} NaNx20
  few{a="3"} 2x20
  few{a="4"} NaNx20
  falling_bucket{le="1"} 197x20
  falling_bucket{le="2"} 92x20
  falling_bucket{le="+Inf"} 200x20

eval instant at 15m label_replace({__name__=~"c|d"}, "a", "1", "", "")
  expect no_warn
  c{a="1"} 45
  d{a="1"} 45

eval instant at 15m -label_replace({__name__=~"c|d"}, "a", "1", "", "")
  expect fail msg: vector cannot contain metrics with the same labelset

# What is said twice is said of the later place, though evaluated once.
eval instant at 10m rate(c[5m]) + rate(c[5m])
  expect info msg: PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "c" (1:20)
  {a="1"} 0.1

# An outer call speaks after its argument.
eval range from 0 to 2m step 1m sort(abs(sort_desc(custom_none)))
  expect warn msg: PromQL warning: sort is ineffective for range queries since results are always ordered by labels (1:1)

eval instant at 10m quantile(2, histogram_quantile(2, h))
  expect warn msg: PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)
  {} Inf

eval instant at 10m histogram_quantile(2, histogram_quantile(2, h))
  expect warn regex: .*got 2 \\(1:20\\)|malformed

# A subquery stands nowhere, wherever it is said again.
eval instant at 8m sum_over_time(mixed[7m:1m]) or sum_over_time(mixed[7m:1m])
  expect warn msg: PromQL warning: encountered a mix of histograms and floats for metric name "mixed" (1:1)

# Observations of NaN: the rank is that of the right bucket, the bounds are those of the last one.
eval instant at 10m histogram_quantile(0.1, nans)
  {} 4.141059695305511

eval instant at 10m histogram_quantile(0.6, nan_custom)
  {} 5

# However many quantiles, of whole seconds, and 105 to two digits is even.
eval instant at 10m50ms histogram_quantiles(falling_bucket, "q", 2, 0.5, 0.9)
  expect info msg: PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile) for metric name "falling_bucket", from buckets 2 to 2, with a max diff of 1e+02, over 1 samples from 1970-01-01T00:10:00Z to 1970-01-01T00:10:00Z (1:21)
  {q="2.0"} Inf
  {q="0.5"} 0.5076142131979695
  {q="0.9"} 0.9137055837563451

# The native histogram first.
eval instant at 10m histogram_quantile(0.5, {__name__=~"other_bucket|h"})
  expect ordered
  {a="1"} 1.189207115002721
  {b="0"} 0.5

# NaN last, and later ones before earlier ones.
eval instant at 10m sort_desc({__name__=~"few"})
  expect ordered
  few{a="3"} 2
  few{a="1"} 1
  few{a="4"} NaN
  few{a="2"} NaN

# What is the same at every step is so with the first step's parameter.
eval range from 0 to 2m step 1m quantile(time() / 60, few{a=~"1|3"} @ 0)
  {} 1 1 1

# Sorting is said to be in vain by a subquery, too, unless that begins where it ends.
eval instant at 5m last_over_time(sort(c)[2m:1m])
  expect warn msg: PromQL warning: sort is ineffective for range queries since results are always ordered by labels (1:16)
  c{a="1"} 15

eval instant at 5m last_over_time(sort(c)[1m:1m])
  expect no_warn
  c{a="1"} 15

eval range from 5m to 5m step 1m sort(c)
  expect no_warn
  c{a="1"} 15

# The last step says whether a name goes.
eval range from 18m to 27m step 9m sum by (__name__) (rate(d[5m]) or label_replace(d, "a", "3", "", ""))
  expect no_warn
  {} 54.05 _

eval range from 20m to 24m step 4m sum by (__name__) (rate(d[5m]) or label_replace(d, "a", "3", "", ""))
  d 60.05 60

eval range from 20m to 24m step 4m quantile by (__name__) (1, rate(d[5m]) or label_replace(d, "a", "3", "", ""))
  d 60 60

eval instant at 10m histogram_fraction(-1, 1, custom)
  {} 0.23

eval instant at 10m histogram_fraction(-Inf, 0, custom)
  {} 0.1

eval instant at 10m count_values("v", custom)
  {v="{count:10, sum:-100, [-Inf,-5]:1, (-5,0]:2, (0,10]:3, (10,+Inf]:4}"} 1

eval instant at 10m custom * NaN
  {} {{schema:-53 count:NaN sum:NaN custom_values:[-5 0 10] buckets:[NaN NaN NaN NaN]}}

eval instant at 10m h </ NaN
  h{a="1"} {{}}

eval instant at 1m30s mixed smoothed
  expect warn msg: PromQL warning: encountered a mix of histograms and floats for metric name "mixed" (1:1)

eval instant at 9m30s histogram_count(mixed smoothed)
  {} 3

eval instant at 10m30s timestamp(c smoothed)
  {a="1"} 600

eval instant at 10m30s c anchored
  c{a="1"} 30

eval instant at 10m h[5m] anchored
  expect fail msg: anchored modifier is not supported with histograms

eval instant at 10m 1 </ 2
  expect fail msg: operator "</" not allowed for Scalar operations
`;

/** Equal values, of series that are made in no order. */
const TIES = `
load 1m
  v{a="4"} 3x10
  v{a="3"} 5x10
  v{a="2"} 5x10
  v{a="1"} 10x10
  w{a="5"} 5x10
  w{a="2"} NaNx10
  w{a="3"} 5x10
  w{a="1"} NaNx10
  w{a="4"} 7x10
  r{a="2"} 1x10
  r{a="1"} 1x10
  r{a="3"} 3x10
  r{a="4"} 2x10
  r{a="10"} NaNx10
  r{a="9"} NaNx10

eval range from 0 to 2m step 1m bottomk(2, v)
  v{a="3"} 5 5 5
  v{a="4"} 3 3 3

eval instant at 5m topk(5, w)
  expect ordered
  w{a="4"} 7
  w{a="3"} 5
  w{a="5"} 5
  w{a="2"} NaN
  w{a="1"} NaN

eval instant at 5m bottomk(4, w)
  expect ordered
  w{a="3"} 5
  w{a="5"} 5
  w{a="4"} 7
  w{a="2"} NaN

eval instant at 5m limit_ratio(1, r)
  expect ordered
  r{a="9"} NaN
  r{a="2"} 1
  r{a="10"} NaN
  r{a="4"} 2
  r{a="1"} 1
  r{a="3"} 3

# Looked up as of the time of the @, among the samples that the offset says there are.
eval instant at 5m timestamp(v{a="1"} @ 300 offset -1m)
  {a="1"} 300

eval instant at 5m timestamp(v{a="1"} @ 330 offset 4m40s)

eval instant at 5m timestamp(v{a="1"} @ 300 offset 1m)
  {a="1"} 240
`;

it('ranks and orders equal values as Prometheus does', async () => {
  const lines: string[] = [];
  await runPromqlTests([{ name: 'ties', text: TIES }], (line) => lines.push(line));
  expect(lines).toEqual(['7 passed, 0 failed']);
});

it('answers corner cases as Prometheus does', async () => {
  const lines: string[] = [];
  await runPromqlTests([{ name: 'corners', text: SCRIPT }], (line) => lines.push(line));
  expect(lines).toEqual(['30 passed, 0 failed']);
});
