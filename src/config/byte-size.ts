/** Byte sizes as Prometheus' files write them (`10MB`, `1GiB500KB`): alecthomas/units' `Base2Bytes`, in which MB and MiB are one. */

const EXPONENTS: Readonly<Record<string, number>> = { '': 0, K: 1, M: 2, G: 3, T: 4, P: 5, E: 6 };
const PART = /^([0-9]*)(?:\.([0-9]*))?([^0-9.]*)/;

/** Bytes; may be negative. Throws Error with Prometheus' text. */
export function parseByteSize(text: string): number {
  const sign = /^[-+]?/.exec(text)![0];
  let rest = text.slice(sign.length);
  if (rest === '0') return 0;
  if (rest === '') throw new Error(`units: invalid ${text}: write a number with a unit, such as 10MB`);
  const scheme = /i?B$/.exec(rest)?.[0] === 'iB' ? 'iB' : 'B';
  let total = 0;
  while (rest !== '') {
    const [whole = '', digits = '', fraction = '', unit = ''] = PART.exec(rest)!;
    if (digits === '' && fraction === '')
      throw new Error(`units: invalid ${text}: write a number with a unit, such as 10MB`);
    const power = exponentOf(unit, scheme);
    if (power === undefined) throw new Error(`units: unknown unit ${unit} in ${text}: use B, KB, MB, GB, TB, PB or EB`);
    total += Number(`${digits || '0'}.${fraction || '0'}`) * 1024 ** power;
    rest = rest.slice(whole.length);
  }
  if (total > 2 ** 63) throw new Error('units: overflow parsing unit');
  return Math.trunc(sign === '-' ? -total : total);
}

function exponentOf(unit: string, suffix: string): number | undefined {
  if (unit === 'B') return 0;
  const letter = unit.endsWith(suffix) ? unit.slice(0, -suffix.length) : undefined;
  return letter === undefined || letter === '' ? undefined : EXPONENTS[letter];
}
