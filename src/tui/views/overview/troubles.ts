/** What is wrong beside alerts: sources that fail, targets that are down, discoveries without an answer, rules that cannot be evaluated. */
import type { Monitor, RuleGroupState, SourceState, TargetsAnswer } from '../../../monitor/sources.ts';
import { plural } from '../../frame/format.ts';

export interface Trouble {
  readonly kind: 'source' | 'targets' | 'discovery' | 'rule';
  /** One word: `failing`, `down`, `error`. */
  readonly state: string;
  readonly what: string;
  /** Why, in words of who knows. */
  readonly why: string;
  readonly severe: boolean;
}

export interface NamedState {
  readonly name: string;
  readonly state: SourceState;
}

export function sourceStates({ metrics, alerts, logs, traces }: Monitor): readonly NamedState[] {
  return Object.entries({ metrics, alerts, logs, traces }).map(([name, source]) => ({ name, state: source.state() }));
}

/** The sources first, since what they do not say is not seen at all; targets once for each job. */
export function troublesOf(
  sources: readonly NamedState[],
  targets: TargetsAnswer | undefined,
  groups: readonly RuleGroupState[] | undefined,
): Trouble[] {
  const troubles: Trouble[] = [];
  for (const { name, state } of sources) {
    if (state.kind !== 'failing' && state.kind !== 'stale') continue;
    troubles.push({
      kind: 'source',
      state: state.kind,
      what: `${name} from ${state.endpoint}`,
      why: state.reason ?? '',
      severe: state.kind === 'failing',
    });
  }
  const active = targets?.active ?? [];
  for (const job of new Set(active.map((target) => target.job))) {
    const own = active.filter((target) => target.job === job);
    const down = own.filter((target) => target.health === 'down');
    if (down.length === 0) continue;
    const which = down.length === 1 ? down[0]!.scrapeUrl : `${down.length} of ${plural(own.length, 'target')}`;
    const reasons = [...new Set(down.map((target) => target.lastError))];
    troubles.push({
      kind: 'targets',
      state: 'down',
      what: `job ${job}: ${which}`,
      why: reasons.join('; '),
      severe: true,
    });
  }
  for (const { job, kind, origin, error } of targets?.discoveries ?? []) {
    if (error !== '')
      troubles.push({
        kind: 'discovery',
        state: 'failing',
        what: `job ${job}: ${kind} discovery ${origin}`,
        why: error,
        severe: true,
      });
  }
  for (const group of groups ?? []) {
    for (const rule of group.rules) {
      if (rule.health === 'err')
        troubles.push({ kind: 'rule', state: 'error', what: `rule ${rule.name}`, why: rule.lastError, severe: false });
    }
  }
  return troubles;
}
