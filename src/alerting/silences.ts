/** Silences: Alertmanager's rules for creating, changing, expiring and keeping them, and which of them mute an alert. */
import type { Clock } from '../config/clock.ts';
import { type Labels, quote } from '../labels/labels.ts';
import { Matcher, type MatchOperator, matchesAll } from '../labels/matcher.ts';
import { RegexpError } from '../labels/regexp.ts';
import type { Journal } from './journal.ts';
import type { PostableSilence, Silence } from './model.ts';
import type { StateDirectory } from './state-directory.ts';

export interface SilenceLimits {
  /** 0: none. Expired ones count as long as they are kept. */
  readonly maxSilences: number;
  /** 0: none. Of one silence as it is stored. */
  readonly maxSilenceBytes: number;
}

export interface SilencesOptions {
  readonly clock: Clock;
  readonly state: StateDirectory;
  readonly newId: () => string;
  /** How long an expired silence is kept. */
  readonly retentionMs: number;
  readonly limits: SilenceLimits;
}

/** A silence that is refused; the message is Alertmanager's. `not-found`: there is none with the id that was given. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError';
  readonly kind: 'not-found' | 'invalid';

  constructor(kind: 'not-found' | 'invalid', message: string) {
    super(message);
    this.kind = kind;
  }
}

type StoredSilence = Omit<Silence, 'state'>;

export class Silences {
  readonly #options: SilencesOptions;
  readonly #journal: Journal | undefined;
  readonly #silences = new Map<string, StoredSilence>();
  /** Which silences that are not expired match an alert; dropped whenever a silence is added or changed. */
  #matching = new Map<string, readonly StoredSilence[]>();

  constructor(options: SilencesOptions) {
    this.#options = options;
    const { journal, entries } = options.state.open('silences.log', 'silences', () =>
      [...this.#silences].map(([id, silence]) => [id, stored(silence)] as const),
    );
    this.#journal = journal;
    for (const [id, value] of entries) this.#silences.set(id, restored(value));
  }

  /** Gives the id: the same where the silence could be changed in place, else a new one (the old one is expired). Throws SilenceError. */
  async set(wanted: PostableSilence): Promise<string> {
    const nowMs = this.#options.clock.nowMs();
    validate(wanted);
    const known = wanted.id === undefined || wanted.id === '' ? undefined : this.#silences.get(wanted.id);
    if (wanted.id !== undefined && wanted.id !== '' && known === undefined) {
      throw new SilenceError('not-found', 'silence not found');
    }
    const { id: _, ...fields } = wanted;
    if (known !== undefined && canChange(known, wanted, nowMs)) {
      const changed = { ...fields, id: known.id, updatedAtMs: nowMs };
      this.#checkSize(changed);
      this.#store(changed);
      await this.#journal?.sync();
      return known.id;
    }
    const { maxSilences } = this.#options.limits;
    if (maxSilences > 0 && this.#silences.size + 1 > maxSilences) {
      throw new SilenceError(
        'invalid',
        `exceeded maximum number of silences: ${this.#silences.size} (limit: ${maxSilences})`,
      );
    }
    const created = {
      ...fields,
      id: this.#options.newId(),
      startsAtMs: Math.max(fields.startsAtMs, nowMs),
      updatedAtMs: nowMs,
    };
    this.#checkSize(created);
    if (known !== undefined) this.#expireNow(known, nowMs);
    this.#store(created);
    await this.#journal?.sync();
    return created.id;
  }

  /** False where there is no such silence. One that is expired already stays as it is. */
  async expire(id: string): Promise<boolean> {
    const known = this.#silences.get(id);
    if (known === undefined) return false;
    this.#expireNow(known, this.#options.clock.nowMs());
    await this.#journal?.sync();
    return true;
  }

  get(id: string): Silence | undefined {
    const found = this.#silences.get(id);
    return found && withState(found, this.#options.clock.nowMs());
  }

  /** Active ones first (the next to end leading), then pending (the next to start), then expired (the last to end). */
  list(): readonly Silence[] {
    const nowMs = this.#options.clock.nowMs();
    return [...this.#silences.values()].map((silence) => withState(silence, nowMs)).sort(compareSilences);
  }

  /** The silences that mute the alert at this moment, by id. */
  active(fingerprint: string, labels: Labels): readonly Silence[] {
    if (this.#silences.size === 0) return [];
    const nowMs = this.#options.clock.nowMs();
    let matching = this.#matching.get(fingerprint);
    if (matching === undefined) {
      matching = [...this.#silences.values()].filter(
        (silence) => stateOf(silence, nowMs) !== 'expired' && matchesAll(silence.matchers, labels),
      );
      this.#matching.set(fingerprint, matching);
    }
    return matching
      .filter((silence) => stateOf(silence, nowMs) === 'active')
      .map((silence) => withState(silence, nowMs))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Forgets silences that ended longer ago than the retention. */
  collect(): void {
    const forgetBefore = this.#options.clock.nowMs() - this.#options.retentionMs;
    this.#matching = new Map();
    for (const [id, silence] of this.#silences) {
      if (silence.endsAtMs > forgetBefore) continue;
      this.#silences.delete(id);
      this.#journal?.put(id, undefined);
    }
  }

  #expireNow(silence: StoredSilence, nowMs: number): void {
    const state = stateOf(silence, nowMs);
    if (state === 'expired') return;
    const startsAtMs = state === 'pending' ? nowMs : silence.startsAtMs;
    this.#store({ ...silence, startsAtMs, endsAtMs: nowMs, updatedAtMs: nowMs });
  }

  #store(silence: StoredSilence): void {
    this.#silences.set(silence.id, silence);
    this.#matching = new Map();
    this.#journal?.put(silence.id, stored(silence));
  }

  #checkSize(silence: StoredSilence): void {
    const { maxSilenceBytes } = this.#options.limits;
    if (maxSilenceBytes <= 0) return;
    const bytes = Buffer.byteLength(JSON.stringify(stored(silence)));
    if (bytes > maxSilenceBytes) {
      throw new SilenceError(
        'invalid',
        `silence exceeded maximum size: ${bytes} bytes (limit: ${maxSilenceBytes} bytes)`,
      );
    }
  }
}

/** A matcher as a silence has it. Throws SilenceError where its pattern does not compile. */
export function silenceMatcher(operator: MatchOperator, name: string, value: string, position: number): Matcher {
  try {
    return new Matcher(operator, name, value);
  } catch (error) {
    if (!(error instanceof RegexpError)) throw error;
    throw new SilenceError(
      'invalid',
      `invalid silence: invalid label matcher ${position} in set 0: invalid regular expression ${quote(value)}: ${error.message}`,
    );
  }
}

function validate(silence: PostableSilence): void {
  const refuse = (reason: string): never => {
    throw new SilenceError('invalid', `invalid silence: ${reason}`);
  };
  if (silence.matchers.length === 0) refuse('at least one matcher set required');
  for (const [position, { name }] of silence.matchers.entries()) {
    if (name === '' || !name.isWellFormed()) {
      refuse(`invalid label matcher ${position} in set 0: invalid label name ${quote(name)}`);
    }
  }
  if (silence.matchers.every((matcher) => !matcher.isNegative && matcher.matches(''))) {
    refuse('matcher set 0: at least one matcher must not match the empty string');
  }
  if (silence.endsAtMs < silence.startsAtMs) refuse('end time must not be before start time');
}

/** Whether a change in place leaves what has been silenced so far as it was. */
function canChange(known: StoredSilence, wanted: PostableSilence, nowMs: number): boolean {
  const same =
    known.matchers.length === wanted.matchers.length &&
    known.matchers.every((matcher, i) => matcher.toString() === wanted.matchers[i]!.toString());
  if (!same) return false;
  switch (stateOf(known, nowMs)) {
    case 'active':
      return seconds(known.startsAtMs) === seconds(wanted.startsAtMs) && wanted.endsAtMs >= nowMs;
    case 'pending':
      return wanted.startsAtMs >= nowMs;
    case 'expired':
      return false;
  }
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function stateOf(silence: StoredSilence, nowMs: number): Silence['state'] {
  if (nowMs < silence.startsAtMs) return 'pending';
  return nowMs < silence.endsAtMs ? 'active' : 'expired';
}

function withState(silence: StoredSilence, nowMs: number): Silence {
  return { ...silence, state: stateOf(silence, nowMs) };
}

const STATE_ORDER = { active: 1, pending: 2, expired: 3 };

function compareSilences(a: Silence, b: Silence): number {
  if (a.state !== b.state) return STATE_ORDER[a.state] - STATE_ORDER[b.state];
  switch (a.state) {
    case 'active':
      return a.endsAtMs - b.endsAtMs;
    case 'pending':
      return a.startsAtMs - b.startsAtMs;
    case 'expired':
      return b.endsAtMs - a.endsAtMs;
  }
}

function stored(silence: StoredSilence): unknown {
  return { ...silence, matchers: silence.matchers.map(({ operator, name, value }) => [operator, name, value]) };
}

/** What `stored` gave; the file's checksum has been verified. */
function restored(value: unknown): StoredSilence {
  const silence = value as Omit<StoredSilence, 'matchers'> & {
    readonly matchers: readonly (readonly [MatchOperator, string, string])[];
  };
  return { ...silence, matchers: silence.matchers.map((matcher) => new Matcher(...matcher)) };
}
