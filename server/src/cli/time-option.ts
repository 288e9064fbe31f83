import { UsageError } from './arguments.ts'

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/**
 * A moment: an ISO time such as `2026-11-22T08:00`, local where it names no zone, or how long ago, e.g. `90m`.
 *
 * @returns milliseconds since 1970
 * @throws UsageError
 */
export function parseTime(option: string, text: string, nowMs: number): number {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  if (count !== undefined) return Math.max(0, nowMs - Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS])
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? new Date(text).getTime() : NaN
  if (Number.isNaN(ms) || ms < 0) {
    throw new UsageError(
      `${option} ${text} is neither a time such as 2026-11-22T08:00 nor an age such as 90m, 2h or 7d`,
    )
  }
  return ms
}
