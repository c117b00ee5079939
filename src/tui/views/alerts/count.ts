/** How many alerts there are of each kind, for the header: as the list has them. */
import type { Monitor } from '../../../monitor/sources.ts';
import type { AlertCounts } from '../../frame/headline.ts';
import { alertItems } from './model.ts';

/** Rejects where the rules cannot be read; where only the routing cannot, what fires by the rules counts as not suppressed. */
export async function countAlerts({ alerts }: Monitor): Promise<AlertCounts> {
  const [groups, routed] = await Promise.all([alerts.ruleGroups(), alerts.alerts({}).catch(() => [])]);
  const states = alertItems({ groups, routed, notifications: [] }).map(({ state }) => state);
  const count = (...wanted: readonly string[]): number => states.filter((state) => wanted.includes(state)).length;
  return {
    firing: count('firing'),
    pending: count('pending'),
    suppressed: count('silenced', 'inhibited', 'muted'),
  };
}
