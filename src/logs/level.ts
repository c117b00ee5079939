/** Log levels of every dialect as the seven of the record model. */
import type { LogLevel } from './record.ts';

/** From the least to the worst; unknown stands below all. */
export const LEVELS: readonly LogLevel[] = ['unknown', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'];

const NAMES: Readonly<Record<Exclude<LogLevel, 'unknown'>, readonly string[]>> = {
  trace: ['trace', 'silly', 'finest', 'finer', 'all', 'trc'],
  debug: ['debug', 'verbose', 'fine', 'dbg', 'config', 'debu'],
  info: ['info', 'information', 'informational', 'notice', 'log', 'http', 'inf', 'default', 'note'],
  warn: ['warn', 'warning', 'wrn'],
  error: ['error', 'err', 'severe', 'eror'],
  fatal: ['fatal', 'critical', 'crit', 'alert', 'emerg', 'emergency', 'panic', 'dpanic', 'ftl'],
};
const BY_NAME = new Map(
  Object.entries(NAMES).flatMap(([level, names]) => names.map((name) => [name, level as LogLevel] as const)),
);
const SYSLOG: readonly LogLevel[] = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug'];

/** A name in any case, syslog's numbers (0 to 7), pino's and bunyan's (from 10); `unknown` where it is none of them. */
export function levelOf(value: unknown): LogLevel {
  if (typeof value === 'string') {
    // slog writes what is between two levels as `ERROR+2`.
    const name = value
      .trim()
      .toLowerCase()
      .replace(/(?<=[a-z])[+-]\d+$/, '');
    return BY_NAME.get(name) ?? (/^\d+$/.test(name) ? levelOf(Number(name)) : 'unknown');
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'unknown';
  if (value >= 0 && value <= 7) return SYSLOG[Math.trunc(value)]!;
  if (value < 10) return 'unknown';
  return LEVELS[Math.min(6, Math.floor(value / 10))]!;
}

/** Whether the level is this one or worse. */
export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(least);
}

/** Every name of this level and of those that are worse, lower-case. */
export function namesFrom(least: LogLevel): readonly string[] {
  return Object.entries(NAMES).flatMap(([level, names]) => (isAtLeast(level as LogLevel, least) ? names : []));
}

/** Pino's number of the level. */
export function numberOf(level: LogLevel): number {
  return LEVELS.indexOf(level) * 10;
}

const LEVEL_WORD =
  /(?:^|[\s[(|<"=]|\[\w+:)(trace|debug|verbose|info|information|notice|warn|warning|error|err|severe|fatal|critical|crit|alert|emerg|panic)(?=[\s\])|>:",]|\[\d|$)/i;

/** The level that a line of text names near its start. */
export function levelInText(text: string): LogLevel {
  const found = LEVEL_WORD.exec(text.slice(0, 120))?.[1];
  if (found !== undefined) return levelOf(found);
  // klog and glog: one letter before the date.
  const letter = /^([IWEF])\d{4} \d\d:\d\d:\d\d/.exec(text)?.[1];
  if (letter !== undefined) return { I: 'info', W: 'warn', E: 'error', F: 'fatal' }[letter] as LogLevel;
  return 'unknown';
}
