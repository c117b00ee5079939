/** The text of a test script → commands. */
import { DurationError, parseSignedDuration } from '../../config/duration.ts';
import { parseGoFloat } from '../../exposition/float.ts';
import type { Labels } from '../../labels/labels.ts';
import { GoStringError, unquoteGo } from '../go-string.ts';
import { NotationError, parseSeriesLine, parseSeriesName, type SeriesLine, splitItems } from './notation.ts';

export type Command = ClearCommand | LoadCommand | EvalCommand | FaultyCommand;

export interface ClearCommand {
  readonly kind: 'clear';
  readonly line: number;
}

/** A line that cannot be read; an `eval` counts as failed. */
export interface FaultyCommand {
  readonly kind: 'faulty';
  readonly line: number;
  readonly isEval: boolean;
  readonly message: string;
}

export interface LoadCommand {
  readonly kind: 'load';
  readonly line: number;
  readonly stepMs: number;
  readonly withCustomBuckets: boolean;
  readonly series: readonly LoadedLine[];
}

export interface LoadedLine extends SeriesLine {
  /** For each position the start timestamp relative to the sample, undefined for none. */
  readonly starts?: readonly (number | undefined)[] | undefined;
}

export interface EvalCommand {
  readonly kind: 'eval';
  readonly line: number;
  readonly query: string;
  readonly times: EvalTimes;
  readonly expect: Expectation;
}

export type EvalTimes =
  | { readonly kind: 'instant'; readonly timeMs: number }
  | { readonly kind: 'range'; readonly startMs: number; readonly endMs: number; readonly stepMs: number };

export interface TextMatch {
  readonly kind: 'any' | 'msg' | 'regex';
  readonly text: string;
}

export interface Expectation {
  readonly fail?: TextMatch | undefined;
  readonly warnings: readonly TextMatch[];
  readonly infos: readonly TextMatch[];
  readonly noWarnings: boolean;
  readonly noInfos: boolean;
  readonly ordered: boolean;
  readonly string?: string | undefined;
  readonly scalar?: number | undefined;
  readonly rangeVector?: { readonly startMs: number; readonly endMs: number; readonly stepMs: number } | undefined;
  readonly series: readonly SeriesLine[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Line {
  readonly number: number;
  readonly text: string;
}

/** Every command; what cannot be read is a command of kind `faulty`. */
export function parseScript(text: string): Command[] {
  const lines = text.split('\n').map((line, index): Line => {
    const trimmed = line.trim();
    return { number: index + 1, text: trimmed.startsWith('#') ? '' : trimmed };
  });
  const commands: Command[] = [];
  for (let at = 0; at < lines.length; ) {
    const head = lines[at++]!;
    if (head.text === '') continue;
    const word = /^[a-z_]*/.exec(head.text)![0];
    const hasBody = word.startsWith('load') || word.startsWith('eval');
    const body: Line[] = [];
    while (hasBody && at < lines.length && lines[at]!.text !== '') body.push(lines[at++]!);
    commands.push(parseCommand(head, body, word));
  }
  return commands;
}

function parseCommand(head: Line, body: readonly Line[], word: string): Command {
  try {
    if (/^clear(?:\s|$)/.test(head.text)) return { kind: 'clear', line: head.number };
    if (word.startsWith('load')) return parseLoad(head, body);
    if (word.startsWith('eval')) return parseEval(head, body);
    throw new NotationError(`invalid command: ${head.text}`);
  } catch (error) {
    const isExpected =
      error instanceof NotationError || error instanceof DurationError || error instanceof GoStringError;
    if (!isExpected) throw error;
    return { kind: 'faulty', line: head.number, isEval: word.startsWith('eval'), message: error.message };
  }
}

function parseLoad(head: Line, body: readonly Line[]): LoadCommand {
  const [, custom, step] = /^load(_with_nhcb)?\s+(\S+)$/.exec(head.text) ?? [];
  if (step === undefined) throw new NotationError(`invalid load command: ${head.text}`);
  const series: LoadedLine[] = [];
  let starts: { readonly labels: Labels; readonly offsets: (number | undefined)[] } | undefined;
  for (const { number, text } of body) {
    try {
      const named = parseSeriesName(text);
      if (named.rest.startsWith('@st')) {
        if (starts) throw new NotationError('start timestamps must be followed by their series');
        starts = { labels: named.labels, offsets: parseStarts(named.rest.slice(3)) };
        continue;
      }
      const line = parseSeriesLine(text);
      if (starts && (!starts.labels.equals(line.labels) || starts.offsets.length !== line.values.length)) {
        throw new NotationError('start timestamps must be followed by the same series with as many positions');
      }
      series.push({ ...line, starts: starts?.offsets });
      starts = undefined;
    } catch (error) {
      if (error instanceof NotationError) throw new NotationError(`line ${number}: ${error.message}`);
      throw error;
    }
  }
  if (starts) throw new NotationError('start timestamps must be followed by their series');
  const stepMs = parseSignedDuration(step);
  if (stepMs <= 0) throw new NotationError(`invalid step of load command: ${step}`);
  return {
    kind: 'load',
    line: head.number,
    stepMs,
    withCustomBuckets: custom !== undefined,
    series,
  };
}

function parseStarts(text: string): (number | undefined)[] {
  const offsets: (number | undefined)[] = [];
  for (const item of splitItems(text)) {
    const gap = /^_(?:x([0-9]+))?$/.exec(item);
    if (gap) {
      for (let i = gap[1] === undefined ? 1 : Number(gap[1]); i > 0; i--) offsets.push(undefined);
      continue;
    }
    const [, first, step, times] = /^(-?[0-9a-z]*?)([+-][0-9a-z]*?)?(?:x([0-9]+))?$/.exec(item) ?? [];
    if (first === undefined || first === '') throw new NotationError(`invalid start timestamp ${item}`);
    let offset = parseSignedDuration(first);
    const delta = step === undefined ? 0 : parseSignedDuration(step.replace(/^\+/, ''));
    offsets.push(offset);
    for (let i = times === undefined ? 0 : Number(times); i > 0; i--) {
      offset += delta;
      offsets.push(offset);
    }
  }
  return offsets;
}

const INSTANT = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(\S+)\s+)?(.+)$/;
const RANGE = /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/;
const NO_EXPECTATION: Expectation = {
  warnings: [],
  infos: [],
  noWarnings: false,
  noInfos: false,
  ordered: false,
  series: [],
};
const ANY: TextMatch = { kind: 'any', text: '' };

function parseEval(head: Line, body: readonly Line[]): EvalCommand {
  const instant = INSTANT.exec(head.text);
  const range = RANGE.exec(head.text);
  if (!instant && !range) throw new NotationError(`invalid eval command: ${head.text}`);
  const times: EvalTimes = instant
    ? { kind: 'instant', timeMs: parseSignedDuration(instant[2] ?? '0') }
    : {
        kind: 'range',
        startMs: parseSignedDuration(range![2]!),
        endMs: parseSignedDuration(range![3]!),
        stepMs: parseSignedDuration(range![4]!),
      };
  if (times.kind === 'range' && (times.stepMs <= 0 || times.endMs < times.startMs)) {
    throw new NotationError(`invalid times of eval command: ${head.text}`);
  }
  const expect: Mutable<Expectation> = { ...NO_EXPECTATION };
  applyOldForm(expect, (instant ?? range)![1]);
  for (const { number, text } of body) {
    try {
      readExpectation(expect, text, times);
    } catch (error) {
      if (error instanceof NotationError) throw new NotationError(`line ${number}: ${error.message}`);
      throw error;
    }
  }
  return { kind: 'eval', line: head.number, query: (instant ? instant[3] : range![5])!, times, expect };
}

function applyOldForm(expect: Mutable<Expectation>, form: string | undefined): void {
  if (form === 'fail') expect.fail = ANY;
  else if (form === 'warn') expect.warnings = [ANY];
  else if (form === 'info') expect.infos = [ANY];
  else if (form === 'ordered') expect.ordered = true;
}

function readExpectation(expect: Mutable<Expectation>, text: string, times: EvalTimes): void {
  const old = /^expected_fail_(message|regexp)\s+(.+)$/.exec(text);
  if (old) {
    expect.fail = checked({ kind: old[1] === 'message' ? 'msg' : 'regex', text: old[2]!.trim() });
    return;
  }
  if (/^expect\s/.test(text)) {
    readExpectLine(expect, text, times);
    return;
  }
  const scalar = /\s/.test(text) ? undefined : parseGoFloat(text);
  if (scalar !== undefined) expect.scalar = scalar;
  else expect.series = [...expect.series, parseSeriesLine(text)];
}

function readExpectLine(expect: Mutable<Expectation>, text: string, times: EvalTimes): void {
  const string = /^expect\s+string\s+(.+)$/.exec(text);
  if (string) {
    expect.string = unquoteGo(string[1]!);
    return;
  }
  const vector = /^expect\s+range\s+vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)$/.exec(text);
  if (vector) {
    const [startMs, endMs, stepMs] = vector.slice(1).map(parseSignedDuration) as [number, number, number];
    expect.rangeVector = { startMs, endMs, stepMs };
    return;
  }
  const [, what, kind, pattern] =
    /^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(msg|regex):(.*))?$/.exec(text) ?? [];
  if (what === undefined) throw new NotationError(`invalid expect line: ${text}`);
  const match = kind === undefined ? ANY : checked({ kind: kind as 'msg' | 'regex', text: pattern!.trim() });
  switch (what) {
    case 'fail':
      if (expect.fail) throw new NotationError('expect fail may be there once only');
      expect.fail = match;
      break;
    case 'warn':
      expect.warnings = [...expect.warnings, match];
      break;
    case 'info':
      expect.infos = [...expect.infos, match];
      break;
    case 'no_warn':
      expect.noWarnings = true;
      break;
    case 'no_info':
      expect.noInfos = true;
      break;
    default:
      if (times.kind === 'range') throw new NotationError('expect ordered is for instant queries only');
      expect.ordered = true;
  }
}

function checked(match: TextMatch): TextMatch {
  if (match.kind !== 'any' && match.text === '') throw new NotationError('the text to expect is missing');
  return match;
}
