import { describe, expect, it } from 'vitest';
import { LineSplitter } from '../../src/logs/files/line-splitter.ts';
import { RecordAssembler } from '../../src/logs/files/record-assembler.ts';
import type { LogRecord } from '../../src/logs/record.ts';

const nowMs = Date.UTC(2026, 0, 15, 12);

function records(text: string): LogRecord[] {
  const assembler = new RecordAssembler('f', 'f');
  const found: (LogRecord | undefined)[] = [];
  for (const line of new LineSplitter().push(Buffer.from(text))) found.push(assembler.push(line, nowMs));
  found.push(...assembler.flush());
  return found.filter((record) => record !== undefined);
}

describe('lines that a container runtime has cut', () => {
  it('are given out at the end though theirs did not come, after what waited before them', () => {
    const found = records(
      '2026-01-15 10:30:00 ERROR x\n{"log":"a piece","stream":"stderr"}\n{"log":"b","stream":"stdout"}\n',
    );
    expect(found.map(({ message }) => message)).toEqual(['ERROR x', 'a piece', 'b']);
  });

  it('are joined, each stream for itself', () => {
    const found = records(
      [
        '2026-01-15T10:30:00.1Z stdout P {"level":"error",',
        '2026-01-15T10:30:00.2Z stderr P one, ',
        '2026-01-15T10:30:00.3Z stdout P "msg":"whole",',
        '2026-01-15T10:30:00.4Z stderr F two',
        '2026-01-15T10:30:00.5Z stdout F "service":"pay"}',
        '2026-01-15T10:30:00.6Z stdout F next',
        '',
      ].join('\n'),
    );
    expect(found.map(({ level, service, message }) => [level, service, message])).toEqual([
      ['error', '', 'one, two'],
      ['error', 'pay', 'whole'],
      ['unknown', '', 'next'],
    ]);
    expect(new Set(found.map(({ id }) => id)).size).toBe(3);
  });

  it('are joined where Docker has cut them, in the middle of an escape’s line too', () => {
    const line = (log: string): string =>
      `${JSON.stringify({ log, stream: 'stdout', time: '2026-01-15T10:30:00Z' })}\n`;
    const inner = JSON.stringify({ level: 'warn', msg: 'a "quoted" tale', service: 's' });
    const found = records(
      line(inner.slice(0, 20)) + line(inner.slice(20, 30)) + line(`${inner.slice(30)}\n`) + line('b\n'),
    );
    expect(found.map(({ level, service, message }) => [level, service, message])).toEqual([
      ['warn', 's', 'a "quoted" tale'],
      ['unknown', '', 'b'],
    ]);
  });

  it('are told though their end never comes', () => {
    const found = records('2026-01-15T10:30:00Z stdout P half\n2026-01-15T10:30:01Z stderr P other\n');
    expect(found.map(({ message }) => message)).toEqual(['half', 'other']);
  });

  it('do not grow without end', () => {
    const piece = `2026-01-15T10:30:00Z stdout P ${'x'.repeat(16_000)}\n`;
    const found = records(piece.repeat(100));
    expect(Math.max(...found.map(({ raw }) => raw.length))).toBeLessThan(300 * 1024);
    expect(found.reduce((sum, { message }) => sum + message.length, 0)).toBe(1_600_000);
  });
});

it('puts a stack trace together whose lines all have a time from the runtime', () => {
  const found = records(
    [
      '2026-01-15T10:30:00.1Z stderr F java.lang.IllegalStateException: bad',
      '2026-01-15T10:30:00.1Z stderr F \tat c.a.B.x(B.java:1)',
      '2026-01-15T10:30:00.1Z stderr F Caused by: java.io.IOException: io',
      '2026-01-15T10:30:00.1Z stderr F \t... 3 more',
      '2026-01-15T10:30:00.2Z stderr F INFO next',
      '',
    ].join('\n'),
  );
  expect(found.map(({ message }) => message)).toEqual(['java.lang.IllegalStateException: bad', 'INFO next']);
  expect(found[0]!.fields['stack']).toBe('\tat c.a.B.x(B.java:1)\nCaused by: java.io.IOException: io\n\t... 3 more');
});

it('takes the level from the second line where Tomcat puts it', () => {
  const [record] = records('Jan 15, 2026 1:30:04 PM org.apache.Engine start\nWARNING: Starting late\n');
  expect(record).toMatchObject({ level: 'warn', timestampGuessed: false });
});
