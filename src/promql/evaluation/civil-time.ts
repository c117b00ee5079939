/** Date and time in UTC of a number of seconds after 1970, for any 64-bit number of them, as Go reckons. */

export interface CivilTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly dayOfYear: number;
  readonly hour: number;
  readonly minute: number;
}

const DAY = 86_400n;
const INT64 = 2 ** 63;
/** What becomes of a value that is no 64-bit integer, NaN and infinities among them. */
const OUT_OF_RANGE: CivilTime = {
  year: 292277026596,
  month: 12,
  day: 4,
  weekday: 0,
  dayOfYear: 339,
  hour: 15,
  minute: 30,
};

/** Fractions of seconds are cut off. */
export function civilTime(seconds: number): CivilTime {
  if (!(seconds > -INT64 && seconds < INT64)) return OUT_OF_RANGE;
  const whole = BigInt(Math.trunc(seconds));
  const days = floorDivide(whole, DAY);
  const rest = Number(whole - days * DAY);
  // Years that begin in March, in eras of 400: the leap day is the last of its year.
  const shifted = days + 719_468n;
  const era = floorDivide(shifted, 146_097n);
  const dayOfEra = Number(shifted - era * 146_097n);
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfMarchYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfMarchYear + 2) / 153);
  const day = dayOfMarchYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = Number(era) * 400 + yearOfEra + (month <= 2 ? 1 : 0);
  let dayOfYear = day;
  for (let before = 1; before < month; before++) dayOfYear += daysInMonth(year, before);
  return {
    year,
    month,
    day,
    weekday: Number((((days + 4n) % 7n) + 7n) % 7n),
    dayOfYear,
    hour: Math.floor(rest / 3600),
    minute: Math.floor((rest % 3600) / 60),
  };
}

export function daysInMonth(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a < 0n && quotient * b !== a ? quotient - 1n : quotient;
}
