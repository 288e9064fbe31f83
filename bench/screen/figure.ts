/** What is measured, and with what. */
export interface Plan {
  /** Of each measurement. */
  readonly seconds: number
  /** Events a second. */
  readonly rate: number
  /** Events after the ring has filled, over which the memory has to stay what it is. */
  readonly memoryEvents: number
}

/** One figure of a run. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** The figure has to be below it; absent where nothing is demanded. */
  readonly below?: number
}

export function printBudget({ name, value, unit, below }: Figure): void {
  const text = `${value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0 })} ${unit}`
  const verdict = below === undefined ? '' : `   budget < ${below}: ${value < below ? 'ok' : 'OVER'}`
  console.log(`  ${name.padEnd(58)} ${text.padStart(14)}${verdict}`)
}

/** @param share 0.5 for the median; NaN of no values */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}
