import { expect, it } from 'vitest';
import { makeZone } from '../../src/tui/frame/format.ts';
import { ListState } from '../../src/tui/frame/list.ts';
import { toText } from '../../src/tui/frame/row.ts';
import { makeTheme } from '../../src/tui/theme.ts';
import { traceListRows } from '../../src/tui/views/traces/rows.ts';

const NOW = Date.UTC(2026, 10, 23, 14, 0, 0);

it('lists the services of a trace in one order, the one with the most spans first', () => {
  const traceOf = (services: Readonly<Record<string, number>>) => ({
    traceId: '5be79a63d91bb8815f31c5bb8815a41c',
    rootService: 'storefront',
    rootName: 'checkout',
    startUs: NOW * 1000,
    durationUs: 65_900,
    spanCount: 7,
    errorCount: 0,
    services,
  });
  const [, first, second] = traceListRows(
    [traceOf({ users: 2, storefront: 2, orders: 3 }), traceOf({ orders: 3, storefront: 2, users: 2 })],
    new ListState(),
    undefined,
    {
      width: 150,
      height: 10,
      theme: makeTheme('default', 16, false),
      zone: makeZone(true, NOW),
      nowMs: NOW,
      window: { startMs: NOW - 60_000, endMs: NOW, live: true },
      zoomed: false,
    },
  ).map(toText);
  expect(first).toContain('orders 3 storefront 2 users 2');
  expect(second).toContain('orders 3 storefront 2 users 2');
});
