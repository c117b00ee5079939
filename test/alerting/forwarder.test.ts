import { describe, expect, it } from 'vitest';
import { AlertForwarder, type ForwardTarget } from '../../src/alerting/forwarder.ts';
import type { PostableAlert } from '../../src/alerting/model.ts';
import { ManualClock } from '../../src/config/clock.ts';
import { HttpError } from '../../src/http/client.ts';
import { Labels } from '../../src/labels/labels.ts';
import { type Answer, RecordingHttp } from './recording-http.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

function alerts(count: number, from = 0): PostableAlert[] {
  return Array.from({ length: count }, (_, i) => ({
    labels: Labels.of({ alertname: `A${from + i}` }),
    annotations: Labels.of({ summary: 's' }),
    startsAtMs: NOW,
    endsAtMs: NOW + 240_000,
    generatorUrl: 'http://g/',
  }));
}

function target(
  host: string,
  answer: () => Answer | Error | Promise<Answer> = () => ({}),
  more: Partial<Omit<ForwardTarget, 'http'>> = {},
) {
  const http = new RecordingHttp(() => NOW, answer);
  return { url: `http://${host}/api/v2/alerts`, http, timeoutMs: 10_000, relabel: (labels: Labels) => labels, ...more };
}

function forwarder(targets: () => readonly ForwardTarget[], capacity?: number) {
  const said: string[] = [];
  const made = new AlertForwarder({
    targets,
    clock: new ManualClock(NOW),
    report: (_, text) => said.push(text),
    ...(capacity === undefined ? {} : { capacity }),
  });
  return { made, said };
}

describe('forwarding', () => {
  it('sends batches of 64 to all Alertmanagers, relabelled for each', async () => {
    const one = target('one');
    const two = target('two', undefined, {
      relabel: (labels) => (labels.get('alertname') === 'A1' ? undefined : labels.with('cluster', 'x')),
    });
    const { made } = forwarder(() => [one, two]);
    made.receive(alerts(70));
    await made.close();
    expect(one.http.sent.map(({ text }) => JSON.parse(text).length)).toEqual([64, 6]);
    expect(JSON.parse(one.http.sent[0]!.text)[0]).toEqual({
      annotations: { summary: 's' },
      endsAt: '2026-01-01T00:04:00.000Z',
      startsAt: '2026-01-01T00:00:00.000Z',
      generatorURL: 'http://g/',
      labels: { alertname: 'A0' },
    });
    const names = JSON.parse(two.http.sent[0]!.text).map(({ labels }: { labels: unknown }) => labels);
    expect(names[1]).toEqual({ alertname: 'A2', cluster: 'x' });
    expect(made.stats()).toMatchObject({ sent: 139, dropped: 0, queued: 0 });
  });

  it('drops the oldest where too many wait, and counts them', async () => {
    const release = Promise.withResolvers<Answer>();
    const slow = target('slow', () => release.promise);
    const { made, said } = forwarder(() => [slow], 100);
    made.receive(alerts(64));
    await Promise.resolve();
    made.receive(alerts(150, 1000));
    expect(made.stats()).toMatchObject({ dropped: 50, queued: 100 });
    release.resolve({});
    await made.close();
    expect(made.stats()).toMatchObject({ sent: 164, dropped: 50, queued: 0 });
    expect(said).toEqual(['http://slow/api/v2/alerts: 50 alerts were dropped because too many wait for it']);
  });

  it('says once when one fails and once when it is back, and does not hold up the others', async () => {
    let fails = true;
    const bad = target('bad', () => (fails ? new HttpError('refused', 'bad:80: refused') : {}));
    const good = target('good');
    const { made, said } = forwarder(() => [bad, good]);
    for (const _ of [1, 2]) {
      made.receive(alerts(1));
      await made.close();
    }
    fails = false;
    made.receive(alerts(1));
    await made.close();
    expect(good.http.sent).toHaveLength(3);
    expect(made.stats()).toMatchObject({ sent: 4, dropped: 2 });
    expect(said).toEqual([
      'http://bad/api/v2/alerts: 1 alerts could not be sent: bad:80: refused; alerts that still fire are sent again',
      'http://bad/api/v2/alerts: takes alerts again',
    ]);
  });

  it('forgets Alertmanagers that are gone', async () => {
    let all = [target('one'), target('two')];
    const { made } = forwarder(() => all);
    made.receive(alerts(1));
    await made.close();
    all = all.slice(0, 1);
    made.receive(alerts(1));
    await made.close();
    expect(made.stats()).toMatchObject({ sent: 3, targets: [{ url: 'http://one/api/v2/alerts' }] });
  });
});
