import type { Masker } from './masker.ts'

/** The same structure with every address and host name in its texts masked. */
export function maskNames<T>(value: T, masker: Masker): T
export function maskNames(value: unknown, masker: Masker): unknown {
  if (typeof value === 'string') return masker.name(value)
  if (Array.isArray(value)) return value.map((each: unknown) => maskNames(each, masker))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]: [string, unknown]) => [name, maskNames(each, masker)]),
  )
}
