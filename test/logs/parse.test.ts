import { describe, expect, it } from 'vitest';
import { levelOf } from '../../src/logs/level.ts';
import { parseLogfmt } from '../../src/logs/logfmt.ts';
import { parseLine } from '../../src/logs/parse-line.ts';
import { timestampOf } from '../../src/logs/timestamp.ts';

const nowMs = Date.UTC(2026, 0, 15, 12);
const parse = (raw: string) => parseLine({ id: '1', origin: 'f', raw, nowMs });
const record = (value: object | string) => parse(typeof value === 'string' ? value : JSON.stringify(value)).record;

describe('dialects of JSON', () => {
  const time = Date.UTC(2026, 0, 15, 10, 30, 0, 123);
  const iso = new Date(time).toISOString();
  const trace = '0af7651916cd43dd8448eb211c80319c';
  const cases: [string, object, object][] = [
    [
      'winston',
      {
        '@timestamp': iso,
        level: 'ERROR',
        message: 'no',
        service: 'orders',
        traceId: trace,
        spanId: 'b7ad6b7169203331',
      },
      { level: 'error', service: 'orders', message: 'no', traceId: trace, spanId: 'b7ad6b7169203331' },
    ],
    [
      'pino',
      { level: 50, time, pid: 1, hostname: 'h', name: 'api', msg: 'no', trace_id: trace.toUpperCase() },
      { level: 'error', service: 'api', message: 'no', traceId: trace },
    ],
    [
      'bunyan',
      { v: 0, level: 40, name: 'api', hostname: 'h', pid: 1, time: iso, msg: 'careful' },
      { level: 'warn', service: 'api', message: 'careful' },
    ],
    [
      'ECS, nested',
      {
        '@timestamp': iso,
        log: { level: 'warn' },
        message: 'm',
        service: { name: 's' },
        trace: { id: trace },
        span: { id: 'b7ad6b7169203331' },
      },
      { level: 'warn', service: 's', message: 'm', traceId: trace },
    ],
    [
      'ECS, dotted',
      { '@timestamp': iso, 'log.level': 'info', message: 'm', 'service.name': 's', 'trace.id': trace },
      { level: 'info', service: 's', traceId: trace },
    ],
    ['zap', { level: 'info', ts: time / 1000, caller: 'a.go:1', msg: 'm' }, { level: 'info', message: 'm' }],
    ['nanoseconds', { severity: 'WARNING', timestamp: `${time}000000`, message: 'm' }, { level: 'warn' }],
    ['microseconds', { lvl: 'dbg', time: time * 1000, msg: 'm' }, { level: 'debug' }],
    [
      'GELF',
      { version: '1.1', short_message: 'm', level: 3, timestamp: time / 1000 },
      { level: 'error', message: 'm' },
    ],
    [
      'journald',
      { __REALTIME_TIMESTAMP: `${time}000`, PRIORITY: '4', MESSAGE: 'm', SYSLOG_IDENTIFIER: 'sshd' },
      { level: 'warn', message: 'm', service: 'sshd' },
    ],
    [
      'Docker around text',
      { log: 'ERROR it broke\n', stream: 'stderr', time: iso },
      { level: 'error', message: 'ERROR it broke' },
    ],
    [
      'Docker around JSON',
      { log: '{"level":"warn","msg":"inner","service":"s"}\n', stream: 'stdout', time: iso },
      { level: 'warn', service: 's', message: 'inner' },
    ],
    [
      'traceparent',
      { time: iso, msg: 'm', traceparent: `00-${trace}-b7ad6b7169203331-01` },
      { traceId: trace, spanId: 'b7ad6b7169203331' },
    ],
    [
      'only an error',
      { time: iso, err: { message: 'bad', stack: 's' }, level: 60 },
      { level: 'fatal', message: 'bad' },
    ],
  ];
  for (const [name, line, expected] of cases) {
    it(name, () => {
      const found = record(line);
      expect(found).toMatchObject(expected);
      expect(found.timestampGuessed).toBe(false);
      expect(Math.round(found.timestampMs)).toBe(time);
    });
  }

  it('keeps every field, however it is named', () => {
    const found = record('{"message":"m","__proto__":{"x":1},"deep":{"a":[1]},"constructor":2}');
    expect(Object.keys(found.fields)).toEqual(['message', '__proto__', 'deep', 'constructor']);
    expect(found.timestampMs).toBe(nowMs);
    expect(found.timestampGuessed).toBe(true);
  });
});

describe('logfmt', () => {
  it('reads quoted values and flags', () => {
    expect(parseLogfmt('time=2026-01-15T10:30:00Z level=warn msg="it \\"broke\\"" retry err=')).toEqual({
      time: '2026-01-15T10:30:00Z',
      level: 'warn',
      msg: 'it "broke"',
      retry: true,
      err: '',
    });
    expect(parse('ts=2026-01-15T10:30:00Z level=error service=api msg=no')).toMatchObject({
      form: 'logfmt',
      record: { level: 'error', service: 'api', message: 'no', timestampMs: Date.UTC(2026, 0, 15, 10, 30) },
    });
  });

  it('leaves prose alone', () => {
    expect(parseLogfmt('GET /a?b=c&d=e 200')).toBeUndefined();
    expect(parseLogfmt('key=value')).toBeUndefined();
  });
});

describe('plain text', () => {
  const cases: [string, string, string, number | undefined][] = [
    ['2026-01-15T10:30:00.5Z ERROR it broke', 'error', 'ERROR it broke', Date.UTC(2026, 0, 15, 10, 30, 0, 500)],
    [
      '2026-01-15 10:30:00,250+01:00 [main] WARN c.a.B - slow',
      'warn',
      '[main] WARN c.a.B - slow',
      Date.UTC(2026, 0, 15, 9, 30, 0, 250),
    ],
    ['[2026-01-15 10:30:00] info: hello', 'info', 'info: hello', new Date(2026, 0, 15, 10, 30).getTime()],
    [
      'Dec 31 23:59:58 host sshd[1]: Accepted',
      'unknown',
      'host sshd[1]: Accepted',
      new Date(2025, 11, 31, 23, 59, 58).getTime(),
    ],
    [
      'E0115 10:30:00.000001 7 a.go:1] failed',
      'error',
      '7 a.go:1] failed',
      new Date(2026, 0, 15, 10, 30, 0, 0).getTime(),
    ],
    [
      '1.2.3.4 - - [15/Jan/2026:10:30:00 +0000] "GET / HTTP/1.1" 500 1',
      'unknown',
      '1.2.3.4 - - "GET / HTTP/1.1" 500 1',
      Date.UTC(2026, 0, 15, 10, 30),
    ],
    [
      '2026-01-15T10:30:00.000000001Z stderr F {"level":"warn","msg":"inner"}',
      'warn',
      'inner',
      Date.UTC(2026, 0, 15, 10, 30),
    ],
    ['something without a time', 'unknown', 'something without a time', undefined],
  ];
  for (const [line, level, message, ms] of cases) {
    it(line.slice(0, 40), () => {
      const found = record(line);
      expect(found.level).toBe(level);
      expect(Math.round(found.timestampMs)).toBe(ms ?? nowMs);
      expect(found.timestampGuessed).toBe(ms === undefined);
      expect(found.message.replace(/\s+/g, ' ')).toBe(message.replace(/\s+/g, ' '));
    });
  }

  it('finds a trace id', () => {
    expect(record(`INFO done trace_id=${'ab'.repeat(16)} ok`).traceId).toBe('ab'.repeat(16));
  });
});

describe('values', () => {
  it('knows levels by name and number', () => {
    expect(['Information', 'CRIT', 'warning', 'silly', 30, 3, '60', 'x', null].map((each) => levelOf(each))).toEqual([
      'info',
      'fatal',
      'warn',
      'trace',
      'info',
      'error',
      'fatal',
      'unknown',
      'unknown',
    ]);
  });

  it('knows times by their size', () => {
    const seconds = 1_768_473_000;
    for (const value of [
      seconds,
      seconds * 1e3,
      seconds * 1e6,
      seconds * 1e9,
      String(seconds),
      BigInt(seconds) * 1_000_000_000n,
    ])
      expect(timestampOf(value, nowMs)).toBe(seconds * 1000);
    expect(timestampOf(5, nowMs)).toBeUndefined();
    expect(timestampOf('yesterday', nowMs)).toBeUndefined();
  });

  it('survives anything', () => {
    for (const line of [
      '{',
      '{}',
      '[]',
      'null',
      '\u0000\u001b[31m',
      '{"time":{}}',
      '{"level":[]}',
      'a="',
      '='.repeat(1000),
      `${'a=b '.repeat(2000)}"`,
    ])
      expect(() => parse(line)).not.toThrow();
  });
});
