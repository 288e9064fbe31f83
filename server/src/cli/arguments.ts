import { parseArgs, type ParseArgsConfig } from 'node:util'

/** What is wrong with a command line, in one sentence for people. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/**
 * `parseArgs` of node:util without its long explanations.
 * @throws UsageError for an unknown option, a missing value or a positional that is not allowed
 */
export function parseOptions<T extends ParseArgsConfig>(config: T) {
  try {
    return parseArgs(config)
  } catch (error) {
    // Node explains at length how to pass positionals that look like options; its first sentence says what is wrong.
    if (error instanceof Error) throw new UsageError(error.message.split(/\. |\n/)[0] ?? error.message)
    throw error
  }
}

/** @throws UsageError if the text is not a whole number within the bounds */
export function parseWhole(option: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new UsageError(`${option} ${text} is not a whole number from ${min} to ${max}`)
  }
  return value
}

/** @throws UsageError if the text is not a finite number above zero */
export function parsePositive(option: string, text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new UsageError(`${option} ${text} is not a number above 0`)
  }
  return value
}
