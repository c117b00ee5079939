import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Alerting } from '../../src/alerting/alerting.ts';
import { Journal, parseJournal } from '../../src/alerting/journal.ts';
import type { PostableAlert } from '../../src/alerting/model.ts';
import { nodeStateFileSystem, type StateFileSystem } from '../../src/alerting/state-files.ts';
import { ManualClock } from '../../src/config/clock.ts';
import { Labels } from '../../src/labels/labels.ts';
import { Matcher } from '../../src/labels/matcher.ts';
import { createAlerting } from '../../src/notify/create-alerting.ts';
import { runKillTrial } from './kill-trial.ts';
import { MemoryFiles } from './memory-files.ts';
import { RecordingHttp } from './recording-http.ts';
import { config, integration, receiver } from './simple-config.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function alert(name: string, endsAtMs?: number): PostableAlert {
  return {
    labels: Labels.of({ alertname: name }),
    annotations: Labels.of({ summary: 'ü "x"' }),
    startsAtMs: START,
    endsAtMs,
    generatorUrl: '',
  };
}

interface Run {
  readonly alerting: Alerting;
  readonly clock: ManualClock;
  readonly http: RecordingHttp;
  readonly said: string[];
}

function run(fileSystem: StateFileSystem, nowMs = START, stateDirectory = '/state', answer?: () => Error): Run {
  const clock = new ManualClock(nowMs);
  const http = new RecordingHttp(
    () => clock.nowMs(),
    () => answer?.() ?? {},
  );
  const said: string[] = [];
  const alerting = createAlerting({
    config: config({
      route: { groupBy: ['alertname'], waitMs: 0, intervalMs: MINUTE, repeatMs: 4 * HOUR },
      receivers: [receiver('default', [integration('webhook', { url: 'http://hook/' })])],
    }),
    clock,
    random: () => 0.5,
    externalUrl: 'http://watchfire',
    http: () => http,
    stateDirectory,
    fileSystem,
    report: (severity, text) => said.push(`${severity}: ${text}`),
  });
  return { alerting, clock, http, said };
}

function statuses({ http }: Run): string[] {
  return http.sent.map(({ text }) => {
    const { alerts, status } = JSON.parse(text);
    return `${alerts[0].labels.alertname} ${status}`;
  });
}

describe('over a restart', () => {
  it('keeps silences, alerts and what has been told; nothing is told twice', async () => {
    const files = new MemoryFiles();
    const first = run(files);
    first.alerting.receive([alert('A', START + 24 * HOUR), alert('Quiet', START + 24 * HOUR)]);
    const id = await first.alerting.setSilence({
      matchers: [new Matcher('=~', 'alertname', 'Qu.*')],
      startsAtMs: START,
      endsAtMs: START + HOUR,
      createdBy: 'me',
      comment: 'c',
      annotations: { ticket: '1' },
    });
    await first.clock.advance(0);
    expect(statuses(first)).toEqual(['A firing']);

    const second = run(files, START + 10 * MINUTE);
    await second.clock.advance(MINUTE);
    expect(statuses(second)).toEqual([]);
    expect(second.alerting.silence(id)).toMatchObject({ state: 'active', annotations: { ticket: '1' }, comment: 'c' });
    expect(
      second.alerting
        .alerts({})
        .map(({ labels, annotations }) => [labels.get('alertname'), annotations.get('summary')]),
    ).toEqual(
      expect.arrayContaining([
        ['A', 'ü "x"'],
        ['Quiet', 'ü "x"'],
      ]),
    );
    await second.clock.advance(HOUR);
    expect(statuses(second)).toEqual(['Quiet firing']);
  });

  it('tells what could not be told before', async () => {
    const files = new MemoryFiles();
    const first = run(files, START, '/state', () => new Error('no network'));
    first.alerting.receive([alert('A', START + HOUR)]);
    await first.clock.advance(MINUTE);
    const second = run(files, START + 2 * MINUTE);
    await second.clock.advance(0);
    expect(statuses(second)).toEqual(['A firing']);
    expect(statuses(run(files, START + 3 * MINUTE))).toEqual([]);
  });

  it('tells of an end that was reported before it stopped, also long after', async () => {
    const files = new MemoryFiles();
    const first = run(files);
    first.alerting.receive([alert('A', START + 10 * HOUR)]);
    await first.clock.advance(10);
    first.alerting.receive([alert('A', first.clock.nowMs())]);
    const second = run(files, START + HOUR);
    await second.clock.advance(0);
    expect(statuses(second)).toEqual(['A resolved']);
    const third = run(files, START + 2 * HOUR);
    await third.clock.advance(HOUR);
    expect(statuses(third)).toEqual([]);
  });

  it('does not take silence of the source while it was away for an end', async () => {
    const files = new MemoryFiles();
    const first = run(files);
    first.alerting.receive([alert('A', START + 4 * MINUTE)]);
    await first.clock.advance(0);
    const second = run(files, START + HOUR);
    await second.clock.advance(4 * MINUTE);
    expect(statuses(second)).toEqual([]);
    await second.clock.advance(2 * MINUTE);
    expect(statuses(second)).toEqual(['A resolved']);
  });
});

describe('the journal', () => {
  const open = (files: MemoryFiles, state = new Map<string, unknown>()) => {
    const said: string[] = [];
    const clock = new ManualClock(START);
    const opened = Journal.open({
      path: '/j',
      title: 'things',
      fileSystem: files,
      clock,
      report: (severity, text) => said.push(`${severity}: ${text}`),
      snapshot: () => state,
    });
    return { ...opened, said, clock };
  };

  it('cuts off a torn end and says so, wherever it is torn', async () => {
    const files = new MemoryFiles();
    const { journal } = open(files);
    journal.put('a', { x: 1 });
    journal.put('b', 'ü');
    const whole = files.files.get('/j')!;
    const firstLine = whole.indexOf(10) + 1;
    for (let length = firstLine + 1; length < whole.length; length++) {
      files.files.set('/j', whole.slice(0, length));
      const { entries, said } = open(files);
      expect([...entries.keys()]).toEqual(['a']);
      expect(said).toEqual([expect.stringContaining(`the last ${length - firstLine} bytes were torn`)]);
      expect(files.files.get('/j')).toHaveLength(firstLine);
    }
  });

  it('skips a damaged line in the middle and keeps the rest', () => {
    const files = new MemoryFiles();
    const { journal } = open(files);
    for (const key of ['a', 'b', 'c']) journal.put(key, key);
    files.files.set('/j', new TextEncoder().encode(files.text('/j').replace('"v":"b"', '"v":"x"')));
    const { entries, said } = open(files);
    expect([...entries.keys()]).toEqual(['a', 'c']);
    expect(said).toEqual(['error: /j: 1 damaged lines were skipped']);
  });

  it('forgets removed keys and compacts what is outdated', () => {
    const files = new MemoryFiles();
    const state = new Map<string, unknown>([['k', 'x'.repeat(1000)]]);
    const { journal } = open(files, state);
    for (let i = 0; i < 3000; i++) journal.put('k', state.get('k'));
    expect(files.files.get('/j')!.length).toBeLessThan(2 ** 20 + 2000);
    journal.put('k', undefined);
    expect(parseJournal(files.files.get('/j')!).entries.size).toBe(0);
  });

  it('shares one fsync among changes at a time', async () => {
    const files = new MemoryFiles();
    const { journal } = open(files);
    const all = [1, 2, 3, 4].map((i) => {
      journal.put(String(i), i);
      return journal.sync();
    });
    await Promise.all(all);
    expect(files.syncs).toBeLessThanOrEqual(2);
  });

  it('goes on where the disk is full, says so once, and writes everything when there is room again', async () => {
    const files = new MemoryFiles();
    const state = new Map<string, unknown>();
    const { journal, said, clock } = open(files, state);
    const put = (key: string): void => {
      state.set(key, key);
      journal.put(key, key);
    };
    put('a');
    files.fault = { code: 'ENOSPC', afterBytes: 5 };
    put('b');
    put('c');
    await journal.sync();
    files.fault = undefined;
    await clock.advance(10_000);
    put('d');
    expect([...parseJournal(files.files.get('/j')!).entries.keys()]).toEqual(['a', 'b', 'c', 'd']);
    expect(said).toEqual([
      'error: /j: things cannot be written (the disk is full); notification goes on, but what happens from now on is forgotten by a restart until writing works again',
      'info: /j: things are being written again',
    ]);
  });
});

describe('the state folder', () => {
  it('is made where it is missing', async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'watchfire-state-')), 'deep', 'er');
    const { alerting, said } = run(nodeStateFileSystem, START, folder);
    expect(readdirSync(folder).sort()).toEqual(['alerts.log', 'notifications.log', 'silences.log']);
    await alerting.close();
    expect(said).toEqual([]);
  });

  it.each([
    ['EROFS', /cannot be used \(EROFS\)/],
    ['EACCES', /cannot be used \(EACCES\)/],
  ])('that cannot be written (%s) is said, and notification goes on', async (code, sentence) => {
    const files = new MemoryFiles();
    files.fault = { code };
    const read = run(files);
    read.alerting.receive([alert('A', START + HOUR)]);
    await read.clock.advance(0);
    expect(statuses(read)).toEqual(['A firing']);
    expect(read.said).toEqual([expect.stringMatching(sentence)]);
  });
});

describe('kill -9', () => {
  // It starts a process six times, each of which may wait long for a busy machine.
  it('loses nothing that was acknowledged and repeats nothing that was logged', { timeout: 300_000 }, async () => {
    let seed = 42;
    const random = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed / 2 ** 31;
    };
    const trial = await runKillTrial(5, random);
    expect(trial.acknowledged).toBeGreaterThan(0);
    expect(trial.missing).toEqual([]);
    expect(trial.repeatedLogged).toEqual([]);
  });
});
