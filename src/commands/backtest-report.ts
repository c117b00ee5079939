/** What a backtest found, as a table for a person and as JSON lines for a program. */
import { formatDuration } from '../config/duration.ts';
import type { Labels } from '../labels/labels.ts';
import { type Difference, type Episode, type Firing, type RuleBacktest, totalsOf } from '../rules/backtest.ts';
import { printable, textTable } from './text-table.ts';

export interface BacktestReport {
  readonly startMs: number;
  readonly endMs: number;
  readonly results: readonly RuleBacktest[];
  /** What the other rule files give. */
  readonly against: Against | undefined;
}

interface Against {
  /** What to call the rules that were given, and the others. */
  readonly names: readonly [string, string];
  readonly results: readonly RuleBacktest[];
  readonly difference: Difference;
}

/** Firings that are listed of one alert; JSON has all. */
const LISTED = 20;

export function backtestText(report: BacktestReport): string {
  const { startMs, endMs, results, against } = report;
  const head = `${instant(startMs)} to ${instant(endMs)}, ${spanText(endMs - startMs)}\n\n`;
  if (against !== undefined) return head + differenceText(results, against, endMs);
  if (results.length === 0) return `${head}no alerting rule\n`;
  return head + summary(results, endMs) + results.map((result) => remarks(result) + firings(result, endMs)).join('');
}

/** One line a rule, and one for each firing that differs; times in RFC 3339, lengths in seconds. */
export function backtestJson({ startMs, endMs, results, against }: BacktestReport): string {
  const ruleLine = (result: RuleBacktest, of: string | undefined) => {
    const { fired, firingMs } = totalsOf(result, endMs);
    return {
      kind: 'rule',
      ...(of === undefined ? {} : { of }),
      alert: result.rule.name,
      group: result.group,
      file: result.rule.place.file,
      line: result.rule.place.line,
      labels: result.ruleLabels,
      expression: result.rule.expression,
      start: instant(startMs),
      end: instant(endMs),
      intervalSeconds: result.intervalMs / 1000,
      fired,
      firingSeconds: firingMs / 1000,
      pendingOnly: result.episodes.length - fired,
      episodes: result.episodes.map(episodeJson),
      notes: result.notes,
      ...(result.error === undefined ? {} : { error: result.error }),
    };
  };
  const firingJson = ({ name, ruleLabels, episode }: Firing) => ({
    alert: name,
    ruleLabels,
    ...episodeJson(episode),
  });
  const lines: unknown[] = results.map((result) => ruleLine(result, against === undefined ? undefined : 'given'));
  if (against !== undefined) {
    const { gone, added, moved } = against.difference;
    lines.push(
      ...against.results.map((result) => ruleLine(result, 'against')),
      ...gone.map((firing) => ({ kind: 'only-given', ...firingJson(firing) })),
      ...added.map((firing) => ({ kind: 'only-against', ...firingJson(firing) })),
      ...moved.map(({ before, after }) => ({ kind: 'moved', given: firingJson(before), against: firingJson(after) })),
    );
  }
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

function episodeJson({ labels, activeAtMs, firedAtMs, endedAtMs }: Episode) {
  const time = (atMs: number | undefined): string | null => (atMs === undefined ? null : instant(atMs));
  return { labels, activeAt: instant(activeAtMs), firedAt: time(firedAtMs), endedAt: time(endedAtMs) };
}

function summary(results: readonly RuleBacktest[], endMs: number): string {
  const rows = results.map((result) => {
    const { fired, firingMs } = totalsOf(result, endMs);
    const fires = result.episodes.filter(({ firedAtMs }) => firedAtMs !== undefined);
    const longest = Math.max(0, ...fires.map(({ firedAtMs, endedAtMs }) => (endedAtMs ?? endMs) - firedAtMs!));
    const series = new Set(fires.map(({ labels }) => labels.key)).size;
    return [
      nameOf(result.rule.name, result.ruleLabels),
      result.group,
      spanText(result.intervalMs),
      ...(result.error === undefined
        ? [String(fired), fired === 0 ? '' : spanText(firingMs), fired === 0 ? '' : spanText(longest)]
        : ['error', '', '']),
      String(series),
      String(result.episodes.length - fired),
    ];
  });
  const heading = ['alert', 'group', 'every', 'fired', 'firing for', 'longest', 'series', 'only pending'];
  return textTable([heading, ...rows], ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'right']);
}

function differenceText(results: readonly RuleBacktest[], against: Against, endMs: number): string {
  const { names, difference } = against;
  const { gone, added, moved } = difference;
  const both = gone.length + added.length + moved.length === 0;
  return (
    comparison(results, against, endMs) +
    [...results, ...against.results].map(remarks).join('') +
    listOf(
      `only with ${names[0]}`,
      gone.map((firing) => firingCells(firing, endMs)),
    ) +
    listOf(
      `only with ${names[1]}`,
      added.map((firing) => firingCells(firing, endMs)),
    ) +
    listOf(
      `with both, but with ${names[1]} at another time`,
      moved.map(({ before, after }) => [...firingCells(before, endMs), `becomes ${timesOf(after.episode, endMs)}`]),
    ) +
    (both ? '\nboth fire at the same times\n' : '')
  );
}

/** One row for each alert of either, by its name and the rule's labels. */
function comparison(before: readonly RuleBacktest[], { results: after, names: files }: Against, endMs: number): string {
  const names = new Set([...before, ...after].map(({ rule, ruleLabels }) => nameOf(rule.name, ruleLabels)));
  const sumOf = (results: readonly RuleBacktest[], name: string): [string, string] => {
    const same = results.filter(({ rule, ruleLabels }) => nameOf(rule.name, ruleLabels) === name);
    if (same.length === 0) return ['no rule', ''];
    if (same.some(({ error }) => error !== undefined)) return ['error', ''];
    const totals = same.map((result) => totalsOf(result, endMs));
    const fired = totals.reduce((sum, each) => sum + each.fired, 0);
    const firingMs = totals.reduce((sum, each) => sum + each.firingMs, 0);
    return [String(fired), fired === 0 ? '' : spanText(firingMs)];
  };
  const rows = [...names].map((name) => {
    const [[firedBefore, forBefore], [firedAfter, forAfter]] = [sumOf(before, name), sumOf(after, name)];
    return [name, firedBefore, forBefore, firedAfter, forAfter];
  });
  const heading = ['alert', `${files[0]}: fired`, 'firing for', `${files[1]}: fired`, 'firing for'];
  return textTable([heading, ...rows], ['left', 'right', 'right', 'right', 'right']);
}

function remarks({ rule, notes, error }: RuleBacktest): string {
  const place = `${rule.place.file}:${rule.place.line}`;
  const texts = [...notes, ...(error === undefined ? [] : [`cannot be evaluated: ${error}`])];
  return texts.map((text) => printable(`\n${place}: ${rule.name}: ${text}`.slice(1)).concat('\n')).join('');
}

function firings({ rule, ruleLabels, episodes }: RuleBacktest, endMs: number): string {
  const fires = episodes.filter(({ firedAtMs }) => firedAtMs !== undefined);
  if (fires.length === 0) return '';
  const rows = fires
    .slice(0, LISTED)
    .map((episode) => [timesOf(episode, endMs), pendingOf(episode), episode.labels.toString()]);
  const more = fires.length > LISTED ? `  … and ${fires.length - LISTED} more (--json has all)\n` : '';
  return `\n${printable(nameOf(rule.name, ruleLabels))}\n${indented(textTable(rows))}${more}`;
}

function listOf(heading: string, rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const more = rows.length > LISTED ? `  … and ${rows.length - LISTED} more (--json has all)\n` : '';
  return `\n${heading}\n${indented(textTable(rows.slice(0, LISTED)))}${more}`;
}

function firingCells({ name, ruleLabels, episode }: Firing, endMs: number): string[] {
  return [nameOf(name, ruleLabels), timesOf(episode, endMs), episode.labels.toString()];
}

function timesOf({ firedAtMs, endedAtMs }: Episode, endMs: number): string {
  const length = spanText((endedAtMs ?? endMs) - firedAtMs!);
  return `${instant(firedAtMs!)} for ${endedAtMs === undefined ? `${length}, still firing` : length}`;
}

function pendingOf({ activeAtMs, firedAtMs }: Episode): string {
  return firedAtMs === activeAtMs ? '' : `after ${spanText(firedAtMs! - activeAtMs)} pending`;
}

function nameOf(name: string, labels: Labels): string {
  return labels.size === 0 ? name : `${name}${labels.toString()}`;
}

function instant(atMs: number): string {
  return new Date(atMs).toISOString().replace('.000Z', 'Z');
}

function indented(table: string): string {
  return table.replace(/^/gm, '  ').replace(/ +$/, '');
}

/** In whole seconds, unless it is only a few. */
function spanText(ms: number): string {
  return formatDuration(ms < 10_000 ? ms : Math.round(ms / 1000) * 1000);
}
