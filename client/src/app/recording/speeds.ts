/** How fast recorded time can go, times real time. */
export const SPEEDS = [1, 5, 20, 60, 300] as const

/** The moment a step away, within the recording. Microseconds. */
export function steppedUs(momentUs: number, stepUs: number, fromUs: number, toUs: number): number {
  return Math.max(fromUs, Math.min(toUs, momentUs + stepUs))
}
