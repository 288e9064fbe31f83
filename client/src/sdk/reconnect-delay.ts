export const SHORTEST_DELAY_MS = 500
export const LONGEST_DELAY_MS = 30_000

/**
 * How long to wait before a connection is tried again: doubles from 1 s up to 30 s, less a random part of up to
 * one half, so that many viewers do not come back at once.
 *
 * @param failures sessions in a row that ended soon or never began, from 1
 * @param random in [0, 1)
 * @returns milliseconds, 500 to 30,000
 */
export function reconnectDelayMs(failures: number, random: number): number {
  const most = Math.min(LONGEST_DELAY_MS, 2 * SHORTEST_DELAY_MS * 2 ** Math.min(failures - 1, 10))
  return Math.round(most / 2 + (random * most) / 2)
}
