/** On 80×24 nothing is hidden in silence: what does not fit can be scrolled to, and says so. */
import { expect, it } from 'vitest';
import { Labels } from '../../src/labels/labels.ts';
import { makeFakeMonitor } from './fake-monitor.ts';
import { NOW, open, type Screen } from './open-screen.ts';

const main = (screen: Screen): string[] => screen.text(80, 24).split('\n').slice(3, -1);
const footer = (screen: Screen): string => screen.text(80, 24).split('\n').at(-1)!.trim();

it('tells on the help page how much is below, down to its end', async () => {
  const screen = await open();
  await screen.press('7', '?');
  const first = main(screen);
  expect(first.at(-1)).toMatch(/▾ \d+ more lines/);
  const below = Number(/(\d+) more/.exec(first.at(-1)!)![1]);
  await screen.press('j');
  expect(main(screen).at(-1)).toContain(`${below - 1} more`);
  const seen = new Set(first);
  for (let i = 0; i < below + 2; i++) {
    await screen.press('j');
    for (const line of main(screen)) seen.add(line);
  }
  expect(main(screen).join('\n')).not.toContain('more line');
  expect([...seen].join('\n')).toContain('to the shell; fg comes back');
  expect(footer(screen)).toMatch(/j k scroll +PgDn PgUp a page +Esc close/);
  // Where all of it is on the screen, no key is named that would do nothing.
  expect(screen.text(200, 50).split('\n').at(-1)!.trim()).toBe('Esc close');
  screen.session.close();
});

it('shows whole what a silence is to match, while it is typed and afterwards', async () => {
  const monitor = makeFakeMonitor({ nowMs: () => NOW });
  const [group] = await monitor.alerts.ruleGroups();
  const rule = group!.rules.find(({ kind }) => kind === 'alerting')!;
  const labels = {
    alertname: rule.name,
    service: 'order-fulfilment-and-dispatch',
    instance: 'order-fulfilment-7d9c5b5d4-x2x7k.shop.svc.cluster.local:8080',
    pod: 'order-fulfilment-7d9c5b5d4-x2x7k',
  };
  const alert = {
    labels: Labels.of(labels),
    annotations: Labels.EMPTY,
    state: 'firing' as const,
    activeAtMs: NOW,
    value: 1,
  };
  monitor.alerts.ruleGroups = async () => [{ ...group!, rules: [{ ...rule, alerts: [alert] }] }];
  monitor.alerts.alerts = async () => [];
  const screen = await open({}, { monitor });
  await screen.press('3', 's');
  const shown = (): string =>
    main(screen)
      .map((line) => line.slice(line.indexOf('│') + 1, line.lastIndexOf('│')).trim())
      .join('')
      .replace(/ /g, '');
  for (const [name, value] of Object.entries(labels)) expect(shown()).toContain(`${name}="${value}"`);
  // Typed into, the line is scrolled, and marked where it goes on.
  await screen.press('Tab', 'Tab', 'Tab');
  expect(main(screen).join('\n')).toMatch(/matchers +….*x2x7k"/);
  await screen.press('Tab', 'Enter');
  for (const [name, value] of Object.entries(labels)) expect(shown()).toContain(`${name}="${value}"`);
  expect(shown()).toContain('Silencethesealerts?');
  screen.session.close();
});

it('goes from a rule to its metrics, and to the logs and traces of what its alerts are about', async () => {
  const screen = await open();
  await screen.press('7', '/', 'HighErrorRate', 'Enter');
  for (const [key, view, wanted] of [
    ['m', 'metrics', 'query '],
    ['l', 'logs', 'logs order'],
    ['t', 'traces', 'traces order'],
  ] as const) {
    await screen.press(key);
    expect(screen.session.place.view).toBe(view);
    expect(screen.text(80, 24)).toContain(wanted);
    await screen.press('Esc');
    expect(screen.session.place.view).toBe('rules');
  }
  await screen.press('Enter', 'l');
  expect(screen.text(80, 24)).toContain('logs order');
  screen.session.close();
});

it('says that a rule names no service, where it names none', async () => {
  const monitor = makeFakeMonitor({ nowMs: () => NOW });
  const [group] = await monitor.alerts.ruleGroups();
  const rule = { ...group!.rules[0]!, labels: Labels.EMPTY, alerts: [] };
  monitor.alerts.ruleGroups = async () => [{ ...group!, rules: [rule] }];
  const screen = await open({}, { monitor });
  await screen.press('7', 'l');
  expect(screen.text()).toContain('it names no service: the logs of all are shown');
  screen.session.close();
});
