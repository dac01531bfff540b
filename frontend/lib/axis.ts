import type { Point } from "./smooth.ts";

/** [step, value] or [step, value, milliseconds since the epoch]. */
export type Logged = [number, number | null, number?];
export type Axis = "step" | "time";

/** The points over steps, or over the seconds since the first of them. */
export function onAxis(points: Logged[], axis: Axis): Point[] {
  if (axis === "step") return points.map(([step, value]) => [step, value]);
  const start = Math.min(...points.map(([, , at]) => at ?? Infinity));
  return points.filter(([, , at]) => at !== undefined).map(([, value, at]) => [((at ?? start) - start) / 1000, value]);
}
