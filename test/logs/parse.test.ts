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
      'Serilog, compact',
      { '@t': iso, '@mt': 'Hi {Name}', '@l': 'Error', Name: 'Bob' },
      { level: 'error', message: 'Hi {Name}' },
    ],
    [
      'Google Cloud',
      {
        severity: 'ERROR',
        time: iso,
        message: 'm',
        'logging.googleapis.com/trace': `projects/p/traces/${trace}`,
        serviceContext: { service: 's' },
      },
      { level: 'error', service: 's', traceId: trace },
    ],
    ['zap, short', { L: 'WARN', T: iso, M: 'm' }, { level: 'warn', message: 'm' }],
    ['slog, between levels', { time: iso, level: 'ERROR+2', msg: 'm' }, { level: 'error' }],
    [
      'journald, bytes',
      { __REALTIME_TIMESTAMP: `${time}000`, PRIORITY: '6', MESSAGE: [104, 105], _COMM: 'blob' },
      { level: 'info', message: 'hi', service: 'blob' },
    ],
    [
      'Docker compose',
      { log: 'hi\n', stream: 'stdout', attrs: { 'com.docker.compose.service': 'web' }, time: iso },
      { service: 'web', message: 'hi' },
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
    ['Dec 31 23:59:58 host sshd[1]: Accepted', 'unknown', 'Accepted', new Date(2025, 11, 31, 23, 59, 58).getTime()],
    [
      'E0115 10:30:00.000001 7 a.go:1] failed',
      'error',
      '7 a.go:1] failed',
      new Date(2026, 0, 15, 10, 30, 0, 0).getTime(),
    ],
    [
      '1.2.3.4 - - [15/Jan/2026:10:30:00 +0000] "GET / HTTP/1.1" 500 1',
      'error',
      '1.2.3.4 - - "GET / HTTP/1.1" 500 1',
      Date.UTC(2026, 0, 15, 10, 30),
    ],
    [
      '2026-01-15T10:30:00.000000001Z stderr F {"level":"warn","msg":"inner"}',
      'warn',
      'inner',
      Date.UTC(2026, 0, 15, 10, 30),
    ],
    [
      '[Thu Jan 15 10:30:00.250000 2026] [core:error] [pid 3:tid 4] [client 1.2.3.4] File does not exist: /x',
      'error',
      '[core:error] [pid 3:tid 4] [client 1.2.3.4] File does not exist: /x',
      new Date(2026, 0, 15, 10, 30, 0, 250).getTime(),
    ],
    ['[15-Jan-2026 10:30:00 UTC] PHP Fatal error: no', 'fatal', 'PHP Fatal error: no', Date.UTC(2026, 0, 15, 10, 30)],
    [
      '99:M 15 Jan 2026 10:30:00.250 # WARNING overcommit',
      'warn',
      '# WARNING overcommit',
      new Date(2026, 0, 15, 10, 30, 0, 250).getTime(),
    ],
    [
      'Jan 15, 2026 1:30:04 PM org.apache.Engine start',
      'unknown',
      'org.apache.Engine start',
      new Date(2026, 0, 15, 13, 30, 4).getTime(),
    ],
    [
      '10:30:02.456 [main] DEBUG org.x.Y -- hello',
      'debug',
      '[main] DEBUG org.x.Y -- hello',
      new Date(2026, 0, 15, 10, 30, 2, 456).getTime(),
    ],
    ['WARN[0004] walrus', 'warn', 'WARN[0004] walrus', undefined],
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

  it('takes a time of day that is still to come for yesterday’s', () => {
    const [line, midnight] = ['23:59:59.999 late', new Date(2026, 0, 15, 0, 0, 30).getTime()];
    const { timestampMs } = parseLine({ id: '1', origin: 'f', raw: line, nowMs: midnight }).record;
    expect(timestampMs).toBe(new Date(2026, 0, 14, 23, 59, 59, 999).getTime());
  });

  it('reads syslog with and without its priority', () => {
    const priority = '<165>1 2026-01-15T10:30:00.003Z host.example.com evntslog 123 ID47 [ex@32473 iut="3"] An event';
    expect(record(priority)).toMatchObject({
      level: 'info',
      service: 'evntslog',
      message: 'An event',
      timestampMs: Date.UTC(2026, 0, 15, 10, 30, 0, 3),
      fields: { host: 'host.example.com', pid: '123', messageId: 'ID47', structured: '[ex@32473 iut="3"]' },
    });
    expect(record('<34>Jan 15 10:30:00 mymachine su: root failed')).toMatchObject({
      level: 'fatal',
      service: 'su',
      message: 'root failed',
      fields: { host: 'mymachine' },
    });
    const rsyslog = '2026-01-15T10:30:00.123456+00:00 host cron[99]: (root) CMD (run)';
    expect(record(rsyslog)).toMatchObject({ service: 'cron', message: '(root) CMD (run)', fields: { pid: '99' } });
    expect(record('2026-01-15T10:30:00Z WARN main: prose')).toMatchObject({ service: '', message: 'WARN main: prose' });
  });

  it('reads the fields of an access log', () => {
    const line =
      '1.2.3.4 - frank [15/Jan/2026:10:30:00 +0000] "GET /a?b=c HTTP/1.1" 404 2326 "http://r" "Mozilla/5.0 \\"x\\""';
    expect(record(line)).toMatchObject({
      level: 'warn',
      fields: { client: '1.2.3.4', user: 'frank', method: 'GET', path: '/a?b=c', status: 404, bytes: 2326 },
    });
    expect(record('::1 - - [15/Jan/2026:10:30:00 +0000] "\\x16\\x03" 400 0')).toMatchObject({
      level: 'warn',
      fields: { request: '\\x16\\x03', status: 400 },
    });
  });

  it('finds the ids that Spring puts into the line', () => {
    const [trace, span] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
    for (const [ids, service] of [
      [`[orders,${trace},${span}]`, 'orders'],
      [`[orders,${trace},${span},true]`, 'orders'],
      [`[${trace}-${span}]`, ''],
      [`[,${trace},${span}]`, ''],
    ])
      expect(record(`2026-01-15 10:30:00.123 INFO ${ids} 1 --- [main] a.B : hi`)).toMatchObject({
        traceId: trace,
        spanId: span,
        service,
      });
  });

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
