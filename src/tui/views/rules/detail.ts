/** One rule in detail: its query and what it gives now. */
import type { RuleGroupState, RuleState } from '../../../monitor/sources.ts';
import type { InstantSample } from '../../../promql/result.ts';
import type { Area, Desk, Subject } from '../../frame/place.ts';
import { messageOf } from '../../frame/poller.ts';
import type { Detail } from '../../frame/preview.ts';
import type { Row } from '../../frame/row.ts';
import { serviceOf } from '../service.ts';
import { ruleRows } from './rows.ts';

export interface RuleItem {
  readonly group: RuleGroupState;
  readonly rule: RuleState;
}

/** What makes a rule the same one at the next look. */
export function keyOf({ group, rule }: RuleItem): string {
  return [group.file, group.name, rule.name, rule.query].join('\n');
}

/** From a rule: its query, and where it has alerts what the first of them is about, from when it became active until now. */
export function subjectOf({ rule }: RuleItem, nowMs: number): Subject {
  const [first] = [...(rule.alerts ?? [])].sort((a, b) => a.activeAtMs - b.activeAtMs);
  const labels = first?.labels ?? rule.labels;
  return {
    service: serviceOf(labels) || undefined,
    labels,
    expression: rule.query,
    ...(first === undefined ? {} : { fromMs: first.activeAtMs, toMs: nowMs }),
  };
}

export class RuleDetail implements Detail {
  item: RuleItem;
  readonly #desk: Desk;
  #samples: readonly InstantSample[] | undefined;
  #queryError: string | undefined;

  constructor(item: RuleItem, desk: Desk) {
    this.item = item;
    this.#desk = desk;
  }

  get title(): string {
    return this.item.rule.name;
  }

  /** A rule that is not among the groups' any more stays as it was last. */
  refresh(groups: readonly RuleGroupState[]): void {
    const { group, rule } = this.item;
    const fresh = groups.find((each) => each.name === group.name && each.file === group.file);
    const found = fresh?.rules.find((each) => each.name === rule.name && each.query === rule.query);
    if (fresh !== undefined && found !== undefined) this.item = { group: fresh, rule: found };
  }

  async fetch(signal: AbortSignal): Promise<void> {
    const { rule } = this.item;
    const { monitor } = this.#desk;
    try {
      const { value } = await monitor.metrics.query(rule.query, { timeMs: this.#desk.window().endMs, signal });
      this.#samples =
        value.type === 'vector'
          ? value.samples
          : value.type === 'scalar'
            ? [{ labels: rule.labels.filter(() => false), value: value.value }]
            : [];
      this.#queryError = undefined;
    } catch (error) {
      this.#queryError = messageOf(error);
    }
  }

  rows(area: Area): Row[] {
    return ruleRows(this.item, this.#samples, this.#queryError, area);
  }
}
