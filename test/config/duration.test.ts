import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration, parseSignedDuration } from '../../src/config/duration.ts';

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['0w', 0],
    ['0s', 0],
    ['324ms', 324],
    ['3s', 3_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['4d', 345_600_000],
    ['4d1h', 349_200_000],
    ['14d', 1_209_600_000],
    ['3w', 1_814_400_000],
    ['3w2d1h', 1_990_800_000],
    ['10y', 315_360_000_000],
    ['1m20s500ms', 80_500],
  ])('reads %s', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it.each([
    ['', 'empty duration string'],
    ['1', 'not a valid duration string: "1"'],
    ['1y1m1d', 'not a valid duration string: "1y1m1d"'],
    ['-1w', 'not a valid duration string: "-1w"'],
    ['1.5d', 'unknown unit "." in duration "1.5d"'],
    ['d', 'not a valid duration string: "d"'],
    ['1s1s', 'not a valid duration string: "1s1s"'],
    ['1h ', 'unknown unit "h " in duration "1h "'],
    ['294y', 'duration out of range'],
    ['99999999999999999999s', 'not a valid duration string: "99999999999999999999s"'],
  ])('refuses %j', (text, message) => {
    expect(() => parseDuration(text)).toThrow(message);
  });

  it('reads a sign where one is allowed', () => {
    expect(parseSignedDuration('-5m')).toBe(-300_000);
    expect(parseSignedDuration('5m')).toBe(300_000);
    expect(() => parseSignedDuration('--5m')).toThrow('not a valid duration string');
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [324, '324ms'],
    [90_000, '1m30s'],
    [1_209_600_000, '2w'],
    [86_400_000 * 90, '90d'],
    [31_536_000_000, '1y'],
    [349_200_000, '4d1h'],
    [-300_000, '-5m'],
  ])('prints %d as %s', (durationMs, expected) => {
    expect(formatDuration(durationMs)).toBe(expected);
  });
});
