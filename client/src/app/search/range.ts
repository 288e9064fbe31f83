import type { Zone } from '../format/time.ts'
import type { ViewAddress } from '../views/view-url.ts'

/** Ends of a time range, milliseconds since 1970. */
export interface TimeRange {
  readonly fromMs: number
  readonly toMs: number
}

/** The part of an address that is a time range. */
export type RangeAddress = Pick<ViewAddress, 'fromMs' | 'toMs' | 'lastMinutes'>

/** Ranges that end now. */
export const PRESETS = [
  { minutes: 15, name: 'Last 15 min' },
  { minutes: 60, name: 'Last hour' },
  { minutes: 24 * 60, name: 'Last 24 h' },
  { minutes: 7 * 24 * 60, name: 'Last 7 days' },
] as const

/** The range that an address names; undefined if it names none. */
export function rangeOf({ fromMs, toMs, lastMinutes }: RangeAddress, nowMs: number): TimeRange | undefined {
  if (fromMs > 0) return { fromMs, toMs: toMs > 0 ? toMs : nowMs }
  return lastMinutes > 0 ? lastRange(lastMinutes, nowMs) : undefined
}

/** The range of so many minutes before a moment. */
export function lastRange(minutes: number, nowMs: number): TimeRange {
  return { fromMs: nowMs - minutes * 60_000, toMs: nowMs }
}

/** As a field for date and time takes it: `2026-01-31T14:03:06`. */
export function formatField(ms: number, zone: Zone): string {
  const shifted = zone === 'utc' ? ms : ms - new Date(ms).getTimezoneOffset() * 60_000
  return new Date(shifted).toISOString().slice(0, 19)
}

/** The other way; undefined if it is no date and time. */
export function parseField(text: string, zone: Zone): number | undefined {
  const ms = Date.parse(zone === 'utc' ? `${text}Z` : text)
  return Number.isFinite(ms) && ms > 0 ? ms : undefined
}
