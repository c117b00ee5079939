/** Whatever a log file holds, it becomes records: nothing throws, nothing is lost. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from '../../src/logs/files/line-splitter.ts';
import { RecordAssembler } from '../../src/logs/files/record-assembler.ts';
import { recordMatcher } from '../../src/logs/match-record.ts';
import { parseLine } from '../../src/logs/parse-line.ts';

const names = [
  'time',
  '@timestamp',
  'level',
  'msg',
  'message',
  'log',
  'service',
  'trace',
  'id',
  'stream',
  '__proto__',
  'a.b',
];
const object = fc
  .dictionary(fc.constantFrom(...names), fc.oneof(fc.jsonValue(), fc.string(), fc.integer()), { maxKeys: 6 })
  .map((fields) => JSON.stringify(fields));
const line = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  object,
  fc.constantFrom(
    '2026-01-15 10:30:00 ERROR x',
    '\tat a.b(c)',
    'level=info msg="a b"',
    'Caused by: y',
    '',
    '{"broken":',
    'Jan 15 10:30:00 h p: m',
  ),
);

describe('anything', () => {
  it('may be a line', () => {
    fc.assert(
      fc.property(line, (raw) => {
        const { record } = parseLine({ id: '1', origin: 'o', raw, nowMs: 1e12 });
        expect(Number.isFinite(record.timestampMs)).toBe(true);
        expect(typeof record.message).toBe('string');
        recordMatcher({ limit: 1, text: 'a', fields: { 'a.b': 'c' }, minLevel: 'warn' })(record);
      }),
      { numRuns: 2000 },
    );
  });

  it('may be a file, however it is cut: each line is in one record', () => {
    fc.assert(
      fc.property(
        fc.array(
          // Pieces of lines, which go together and out of their order, have tests of their own.
          line.map((text) => text.replace(/[\r\n]/g, ' ')).filter((text) => !text.startsWith('{"log":"')),
          { maxLength: 20 },
        ),
        fc.integer({ min: 1, max: 50 }),
        (lines, size) => {
          const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));
          const splitter = new LineSplitter();
          const assembler = new RecordAssembler('o', 'f');
          const records = [];
          for (let at = 0; at < bytes.length; at += size)
            for (const each of splitter.push(bytes.subarray(at, at + size))) records.push(assembler.push(each, 1e12));
          records.push(...assembler.flush());
          const raw = records
            .filter((record) => record !== undefined)
            .map((record) => record.raw)
            .join('\n');
          const expected = Buffer.from(lines.join('\n')).toString();
          const filled = (text: string): string[] =>
            text
              .replace(/^\uFEFF/, '')
              .split('\n')
              .filter((each) => each.trim() !== '');
          expect(filled(raw)).toEqual(filled(expected));
        },
      ),
      { numRuns: 500 },
    );
  });
});
