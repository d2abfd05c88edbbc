const NO_DATE = 'no date';

/**
 * Day of the year × 100 + the last two digits of the year. The century is the 21st: none of the marks that hold such dates
 * was sold before 2001.
 */
export function dateOfDayAndYear(dayAndYear: number): string {
  const day = Math.floor(dayAndYear / 100);
  const year = 2000 + (dayAndYear % 100);
  const isDay = day >= 1 && Date.UTC(year, 0, day) < Date.UTC(year + 1, 0, 1);
  return isDay ? isoDate(Date.UTC(year, 0, day)) : `${NO_DATE}: ${dayAndYear}`;
}

/** YYYYMMDD as a number. */
export function dateOfDecimal(decimal: number): string {
  const [year, month, day] = [Math.floor(decimal / 10_000), Math.floor(decimal / 100) % 100, decimal % 100];
  return dateOf(year, month, day) ?? `${NO_DATE}: ${decimal}`;
}

/** DDMMYY; the century is the 21st, since such stamps came in 2021. Null where the text is not six digits. */
export function dateOfDayMonthYear(text: string): string | null {
  const [, day, month, year] = /^(\d\d)(\d\d)(\d\d)$/.exec(text) ?? [];
  if (year === undefined) return null;
  return dateOf(2000 + Number(year), Number(month), Number(day)) ?? `${NO_DATE}: ${text}`;
}

/** ISO 8601; null for a day that no calendar has. */
function dateOf(year: number, month: number, day: number): string | null {
  if (year < 1000 || year > 9999) return null;
  const ms = Date.UTC(year, month - 1, day);
  const date = new Date(ms);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? isoDate(ms) : null;
}

function isoDate(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
