/** `watchfire query`: one expression at one time or over a range, as a table, a chart or JSON. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MonitorSettings } from '../monitor/settings.ts';
import type { Monitor } from '../monitor/sources.ts';
import { formatFloat } from '../promql/format.ts';
import { QueryError, type QueryResult } from '../promql/result.ts';
import { type CommandContext, EXIT, UsageError } from './context.ts';
import { openMonitor } from './open-monitor.ts';
import type { QueryFlags } from './reading-commands.ts';
import { textTable } from './text-table.ts';

/** A local scraper is given so long for its first round before the expression is evaluated. */
const FIRST_ROUND_MS = 15_000;

export async function query(
  expression: string,
  flags: QueryFlags,
  settings: MonitorSettings,
  context: CommandContext,
): Promise<number> {
  const monitor = await openMonitor({ ...settings, interactive: false }, () => undefined);
  try {
    if (settings.prometheusUrl === undefined) await firstRound(monitor);
    const nowMs = Date.now();
    const endMs = flags.end === undefined ? nowMs : parseTime(flags.end, nowMs);
    const result =
      flags.start === undefined
        ? await monitor.metrics.query(expression, {
            timeMs: flags.time === undefined ? nowMs : parseTime(flags.time, nowMs),
          })
        : await monitor.metrics.queryRange(expression, rangeOf(parseTime(flags.start, nowMs), endMs, flags.step));
    for (const text of [...result.warnings, ...result.infos]) context.stderr.write(`${text}\n`);
    if (flags.json) writeJson(result, context);
    else if (flags.chart && result.value.type === 'matrix') await writeChart(result, context);
    else writeTable(result, context);
    return EXIT.fine;
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    context.stderr.write(`${error.message}\n`);
    return error.type === 'bad_data' ? EXIT.usage : EXIT.found;
  } finally {
    await monitor.close();
  }
}

/** Unix seconds, RFC 3339, or a negative duration from now. Throws UsageError. */
export function parseTime(text: string, nowMs: number): number {
  const ago = /^-(\d+)(ms|s|m|h|d|w)$/.exec(text);
  if (ago)
    return (
      nowMs -
      Number(ago[1]) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }[ago[2] as 's']!
    );
  if (text === 'now') return nowMs;
  const asSeconds = Number(text);
  if (text !== '' && Number.isFinite(asSeconds)) return Math.round(asSeconds * 1000);
  const parsed = Date.parse(text);
  if (Number.isNaN(parsed))
    throw new UsageError(
      `${JSON.stringify(text)} is no time: give Unix seconds, RFC 3339 (2026-01-31T12:00:00Z), or -1h`,
    );
  return parsed;
}

function rangeOf(
  startMs: number,
  endMs: number,
  stepMs: number | undefined,
): { startMs: number; endMs: number; stepMs: number } {
  return { startMs, endMs, stepMs: stepMs ?? Math.max(1000, Math.floor((endMs - startMs) / 250_000) * 1000) };
}

async function firstRound(monitor: Monitor): Promise<void> {
  const untilMs = Date.now() + FIRST_ROUND_MS;
  while (Date.now() < untilMs) {
    const { active } = await monitor.metrics.targets();
    if (active.every((target) => target.lastScrapeMs > 0)) return;
    await sleep(100);
  }
}

function writeJson(result: QueryResult, context: CommandContext): void {
  const { value } = result;
  const line = (each: unknown): boolean => context.stdout.write(`${JSON.stringify(each)}\n`);
  switch (value.type) {
    case 'vector':
      for (const sample of value.samples) {
        line({
          metric: sample.labels,
          ...(sample.histogram
            ? { histogram: sample.histogram }
            : { value: [value.timestampMs / 1000, formatFloat(sample.value)] }),
        });
      }
      break;
    case 'matrix':
      for (const series of value.series) {
        line({
          metric: series.labels,
          values: Array.from(series.timestamps, (atMs, i) => [
            atMs / 1000,
            series.histograms?.[i] ?? formatFloat(series.values[i]!),
          ]),
        });
      }
      break;
    case 'scalar':
      line({ scalar: [value.timestampMs / 1000, formatFloat(value.value)] });
      break;
    case 'string':
      line({ string: [value.timestampMs / 1000, value.value] });
  }
}

function writeTable(result: QueryResult, context: CommandContext): void {
  const { value } = result;
  if (value.type === 'scalar') context.stdout.write(`${formatFloat(value.value)}\n`);
  else if (value.type === 'string') context.stdout.write(`${value.value}\n`);
  else if (value.type === 'vector') {
    if (value.samples.length === 0) context.stderr.write('no series\n');
    else {
      const rows = value.samples.map((sample) => [
        sample.labels.toSelector(),
        sample.histogram ? `histogram, count ${formatFloat(sample.histogram.count)}` : formatFloat(sample.value),
      ]);
      context.stdout.write(textTable([['series', 'value'], ...rows], ['left', 'right']));
    }
  } else if (value.series.length === 0) context.stderr.write('no series\n');
  else {
    const rows = value.series.map((series) => {
      const finite = series.values.filter((each) => !Number.isNaN(each));
      const sum = finite.reduce((total, each) => total + each, 0);
      return [
        series.labels.toSelector(),
        String(series.values.length),
        ...(finite.length === 0
          ? ['', '', '', '']
          : [Math.min(...finite), sum / finite.length, Math.max(...finite), finite.at(-1)!].map((each) =>
              formatFloat(Number(each.toPrecision(6))),
            )),
      ];
    });
    context.stdout.write(
      textTable(
        [['series', 'points', 'min', 'avg', 'max', 'last'], ...rows],
        ['left', 'right', 'right', 'right', 'right', 'right'],
      ),
    );
  }
}

async function writeChart(result: QueryResult, context: CommandContext): Promise<void> {
  const { chartLines } = await import('../tui/charts/chart-lines.ts');
  for (const line of chartLines(result, { width: context.stdout.columns ?? 100, height: 20 }))
    context.stdout.write(`${line}\n`);
}
