/** In which zone absolute times are shown. */
export type Zone = 'utc' | 'local'

/** Digits behind the second. */
export type ClockDigits = 1 | 3 | 6

/**
 * Time of day, e.g. `14:03:06.840119`.
 *
 * @param tsUs whole microseconds since 1970; digits are cut, not rounded, so that a time is never shown too late
 */
export function formatClock(tsUs: number, zone: Zone, digits: ClockDigits): string {
  const date = new Date(Math.floor(tsUs / 1000))
  const micros = ((tsUs % 1_000_000) + 1_000_000) % 1_000_000
  const fraction = pad(Math.floor(micros), 6).slice(0, digits)
  return zone === 'utc'
    ? `${pad(date.getUTCHours(), 2)}:${pad(date.getUTCMinutes(), 2)}:${pad(date.getUTCSeconds(), 2)}.${fraction}`
    : `${pad(date.getHours(), 2)}:${pad(date.getMinutes(), 2)}:${pad(date.getSeconds(), 2)}.${fraction}`
}

/** Date, e.g. `2026-01-31`. */
export function formatDate(tsUs: number, zone: Zone): string {
  const date = new Date(Math.floor(tsUs / 1000))
  return zone === 'utc'
    ? `${pad(date.getUTCFullYear(), 4)}-${pad(date.getUTCMonth() + 1, 2)}-${pad(date.getUTCDate(), 2)}`
    : `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1, 2)}-${pad(date.getDate(), 2)}`
}

/** Start of a call in a list: the time of day, or for another day than that of `nowMs` its date and minute. */
export function formatStart(tsUs: number, nowMs: number, zone: Zone): string {
  const day = formatDate(tsUs, zone)
  if (day === formatDate(nowMs * 1000, zone)) return formatClock(tsUs, zone, 1)
  return `${day.slice(5)} ${formatClock(tsUs, zone, 1).slice(0, 5)}`
}

/** Name of the zone as it is printed beside a time: `UTC`, or the offset of the local one at that time, `UTC+5:30`. */
export function zoneName(zone: Zone, tsUs: number): string {
  if (zone === 'utc') return 'UTC'
  const minutes = -new Date(Math.floor(tsUs / 1000)).getTimezoneOffset()
  if (minutes === 0) return 'UTC+0'
  const size = Math.abs(minutes)
  const rest = size % 60 === 0 ? '' : `:${pad(size % 60, 2)}`
  return `UTC${minutes < 0 ? '−' : '+'}${Math.floor(size / 60)}${rest}`
}

/** Length of a call, e.g. `0:02` or `1:02:03`. A negative one, of clocks that disagree, is none. */
export function formatDuration(us: number): string {
  const seconds = Math.floor(us / 1_000_000)
  if (!(seconds >= 0)) return ''
  const minutes = Math.floor(seconds / 60)
  return minutes < 60
    ? `${minutes}:${pad(seconds % 60, 2)}`
    : `${Math.floor(minutes / 60)}:${pad(minutes % 60, 2)}:${pad(seconds % 60, 2)}`
}

/** Seconds with two digits, e.g. `1.44`. */
export function formatSeconds(us: number): string {
  return (us / 1_000_000).toFixed(2)
}

/** Time since another event, e.g. `+0.002` or `−0.013`; above a minute `+2:03.1`. */
export function formatDelta(us: number): string {
  const sign = us < 0 ? '−' : '+'
  const size = Math.abs(us)
  if (size < 60_000_000) return `${sign}${(Math.floor(size / 1000) / 1000).toFixed(3)}`
  const tenths = Math.floor(size / 100_000)
  const minutes = Math.floor(tenths / 600)
  const rest = `${pad(Math.floor((tenths % 600) / 10), 2)}.${tenths % 10}`
  return minutes < 60
    ? `${sign}${minutes}:${rest}`
    : `${sign}${Math.floor(minutes / 60)}:${pad(minutes % 60, 2)}:${rest.slice(0, 2)}`
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}
