/** A figure beside what it has to be. */
export interface Line {
  readonly name: string
  readonly figure: string
  /** Absent where nothing is demanded. */
  readonly target?: string
  readonly isOk?: boolean
}

export function reportLine({ name, figure, target, isOk }: Line): string {
  const verdict = isOk === undefined ? '' : isOk ? 'OK' : 'OVER'
  return [name.padEnd(52), figure.padStart(16), (target ?? '').padStart(18), `  ${verdict}`].join('').trimEnd()
}

/** A rate of so many a second, e.g. `3.21 M/s`. */
export function perSec(rate: number): string {
  return rate >= 1e6 ? `${(rate / 1e6).toFixed(2)} M/s` : `${Math.round(rate / 1000)} k/s`
}
