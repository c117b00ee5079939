/** A change as one line for a person, or as one JSON value for a program. */
import type { NotificationRecord } from '../alerting/model.ts';
import type { Change } from './transitions.ts';

/** One line, without control characters from outside. */
export function toLine(change: Change): string {
  return `${time(change.atMs)} ${printable(describe(change))}`;
}

/** One JSON value on one line; times in RFC 3339. */
export function toJson(change: Change): string {
  const { kind, atMs, ...rest } = change;
  return JSON.stringify({ time: new Date(atMs).toISOString(), kind, ...rest }, (key, value) =>
    key.endsWith('AtMs') || key === 'nextTryMs'
      ? typeof value === 'number'
        ? new Date(value).toISOString()
        : value
      : value,
  ).replaceAll(/"(activeAt|nextTry)(?:AtMs|Ms)":/g, '"$1":');
}

/** The word that a line begins with: only what has arrived is called notified. */
const OUTCOME_WORDS: Readonly<Record<NotificationRecord['outcome'], string>> = {
  sent: 'notified',
  retrying: 'retrying',
  failed: 'failed',
  'not-delivered': 'not sent',
  suppressed: 'suppressed',
};

function describe(change: Change): string {
  switch (change.kind) {
    case 'alert': {
      const word = change.state === 'inactive' ? 'resolved' : change.state;
      const summary = change.annotations.get('summary') || change.annotations.get('description');
      const labels = change.labels.without('alertname').toString();
      return `${word.padEnd(8)} ${change.alertname} ${labels}${summary === '' ? '' : ` · ${summary}`}${change.state === 'inactive' ? '' : ` · value ${format(change.value)}`}`;
    }
    case 'notification': {
      const counts = [
        change.firing > 0 ? `${change.firing} firing` : '',
        change.resolved > 0 ? `${change.resolved} resolved` : '',
      ]
        .filter(Boolean)
        .join(', ');
      // The integrations of a receiver are suppressed together.
      const to = change.integration === '*' ? change.receiver : `${change.receiver}/${change.integration}`;
      const next = change.nextTryMs === undefined ? '' : `; next try ${time(change.nextTryMs)}`;
      return `${OUTCOME_WORDS[change.outcome].padEnd(8)} ${to} ${change.groupLabels.toString()} (${counts}): ${change.reason}${next}`;
    }
    case 'target':
      return change.health === 'up'
        ? `target   up ${change.job} ${change.url}`
        : `target   down ${change.job} ${change.url}: ${change.error}`;
    case 'discovery':
      return change.error === ''
        ? `discovery ${change.job} ${change.origin} answers again`
        : `discovery ${change.job} ${change.origin}: ${change.error}`;
    case 'rule':
      return change.health === 'ok'
        ? `rule     ${change.group}/${change.name} evaluates again`
        : `rule     ${change.group}/${change.name} fails: ${change.error}`;
    case 'source':
      return `source   ${change.source} ${change.state} (${change.endpoint})${change.reason === '' ? '' : `: ${change.reason}`}`;
    case 'event':
      return `${change.severity.padEnd(8)} ${change.text}`;
  }
}

function format(value: number): string {
  return Number.isFinite(value) && Math.abs(value) >= 1e-4 && Math.abs(value) < 1e15
    ? String(Number(value.toPrecision(6)))
    : String(value);
}

function time(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Control characters and bidi overrides from outside must not reach a terminal. */
function printable(line: string): string {
  return line.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (character) =>
    character === '\n' ? ' ' : '\ufffd',
  );
}
