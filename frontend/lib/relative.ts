const STEPS: [number, Intl.RelativeTimeFormatUnit, number][] = [
  [60, "second", 1],
  [3600, "minute", 60],
  [86_400, "hour", 3600],
  [7 * 86_400, "day", 86_400],
  [30 * 86_400, "week", 7 * 86_400],
  [365 * 86_400, "month", 30 * 86_400],
];

/** "3 hours ago" for two times in milliseconds. */
export function relative(then: number, now: number): string {
  const seconds = Math.round((then - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 10) return "just now";
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  // An end in 89 days and 23 hours is "in 3 months" to a reader; the past counts whole units, as everywhere.
  const whole = seconds > 0 ? Math.round : Math.trunc;
  for (const [limit, unit, length] of STEPS) {
    if (size < limit) return format.format(whole(seconds / length), unit);
  }
  return format.format(whole(seconds / (365 * 86_400)), "year");
}
