export type Point = [number, number | null];

/** Exponential moving average with bias correction, as TensorBoard does it; gaps (null) stay gaps. `weight` is in [0, 1). */
export function smooth(points: Point[], weight: number): Point[] {
  if (weight <= 0) return points;
  let mean = 0;
  let seen = 0;
  return points.map(([x, y]) => {
    if (y === null || !Number.isFinite(y)) return [x, null];
    mean = mean * weight + (1 - weight) * y;
    seen += 1;
    return [x, mean / (1 - weight ** seen)];
  });
}
