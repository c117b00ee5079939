/** Durations of Go's `time.ParseDuration` (`1m30s`, `1.5h`, `-2us`), which Alertmanager's time-outs use. */

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds, fractions kept. Throws Error with Go's text. */
export function parseGoDuration(text: string): number {
  const quoted = JSON.stringify(text);
  const sign = text.startsWith('-') ? -1 : 1;
  let rest = text.replace(/^[-+]/, '');
  if (rest === '0') return 0;
  if (rest === '') throw new Error(`time: invalid duration ${quoted}`);
  let total = 0;
  while (rest !== '') {
    const [all, whole = '', fraction = '', unit = ''] = /^([0-9]*)(?:\.([0-9]*))?([^0-9.]*)/.exec(rest)!;
    if (whole === '' && fraction === '') throw new Error(`time: invalid duration ${quoted}`);
    if (unit === '') throw new Error(`time: missing unit in duration ${quoted}`);
    const unitMs = UNIT_MS[unit];
    if (unitMs === undefined) throw new Error(`time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`);
    total += Number(`${whole || '0'}.${fraction || '0'}`) * unitMs;
    rest = rest.slice(all.length);
  }
  if (total > 9_223_372_036_854) throw new Error(`time: invalid duration ${quoted}`);
  return sign * total;
}
