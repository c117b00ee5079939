/** Which place each view begins with, and where `m`, `l` and `t` lead. */
import type { Views } from '../frame/place-stack.ts';
import { countAlerts } from './alerts/count.ts';
import { AlertsPlace } from './alerts/list.ts';
import { EventsPlace } from './events/events.ts';
import { LogsPlace } from './logs/logs.ts';
import { MetricsPlace } from './metrics/metrics.ts';
import { OverviewPlace } from './overview/overview.ts';
import { RulesPlace } from './rules/rules.ts';
import { TargetsPlace } from './targets/targets.ts';
import { TracesPlace } from './traces/traces.ts';
import { WaterfallPlace } from './traces/waterfall.ts';

export const views: Views = {
  root(view, desk) {
    switch (view) {
      case 'overview':
        return new OverviewPlace(desk);
      case 'metrics':
        return new MetricsPlace(desk);
      case 'alerts':
        return new AlertsPlace(desk);
      case 'logs':
        return new LogsPlace(desk);
      case 'traces':
        return new TracesPlace(desk);
      case 'targets':
        return new TargetsPlace(desk);
      case 'rules':
        return new RulesPlace(desk);
    }
  },
  drill(view, subject, desk) {
    if (view === 'logs') return new LogsPlace(desk, subject);
    if (view === 'metrics') return new MetricsPlace(desk, subject);
    return subject.traceId === undefined ? new TracesPlace(desk, subject) : new WaterfallPlace(desk, subject.traceId);
  },
  countAlerts,
  events: (desk) => new EventsPlace(desk),
};
