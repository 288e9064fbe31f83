import { test } from '@playwright/test'

/** Print a measured figure, and keep it in the report. */
export function tellMeasured(text: string): void {
  test.info().annotations.push({ type: 'measured', description: text })
  process.stdout.write(`  measured: ${text}\n`)
}

/**
 * A quantile of some values.
 *
 * @param share 0.5 for the median
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}
