/** A count, e.g. `1,204`; from ten million on as `12.4 M`. */
export function formatCount(count: number): string {
  if (count >= 1e10) return `${(count / 1e9).toFixed(1)} G`
  if (count >= 1e7) return `${(count / 1e6).toFixed(1)} M`
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** A rate per second: one digit behind the point below 100. */
export function formatRate(perSec: number): string {
  return perSec < 99.95 ? perSec.toFixed(1) : formatCount(perSec)
}

/** `part` of `whole` in percent, e.g. `71.4 %`; a dash of nothing. */
export function formatShare(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`
}

/** `1 call`, `2 calls`. */
export function formatPlural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}
