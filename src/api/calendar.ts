/** Times of the calendar, as strictly as Go reads them. */

/**
 * Unix milliseconds of a whole ISO 8601 time, `2026-02-28T10:00:00Z`; NaN where there is no such day or hour: `Date.parse` alone goes on from the
 * 29th of February to the 1st of March, and knows 24:00.
 */
export function strictDateMs(text: string): number {
  const day = text.slice(0, 10);
  const midnightMs = Date.parse(`${day}T00:00:00Z`);
  const isDay = !Number.isNaN(midnightMs) && new Date(midnightMs).toISOString().startsWith(day);
  return isDay && text.slice(11, 13) !== '24' ? Date.parse(text) : Number.NaN;
}
