/** `x`: asks the alert source why an alert is as it is, and shows the answer as a page. */

import type { Desk } from '../../frame/place.ts';
import { messageOf } from '../../frame/poller.ts';
import { row, toned } from '../../frame/row.ts';
import { TextPage } from '../../frame/text-page.ts';
import { type AlertItem, hasAlert } from './model.ts';
import { explanationRows } from './rows.ts';

export function explain(desk: Desk, item: AlertItem): void {
  explainRule(desk, item.name, hasAlert(item) ? item.labels : undefined);
}

export function explainRule(desk: Desk, name: string, labels: AlertItem['labels'] | undefined): void {
  desk.monitor.alerts.explain(name, labels).then(
    (explanation) => desk.show(new TextPage('Explain', ({ width }) => explanationRows(explanation, width))),
    (error: unknown) =>
      desk.show(
        new TextPage('Explain', () => [row(toned('critical', `${name} cannot be explained: ${messageOf(error)}`))]),
      ),
  );
}
