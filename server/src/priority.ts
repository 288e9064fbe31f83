import { constants, setPriority } from 'node:os'

const { PRIORITY_ABOVE_NORMAL, PRIORITY_HIGH } = constants.priority

/**
 * Let this thread go before others: what comes while it waits for a processor may be lost. Threads that were started
 * before keep theirs. Without the right to do so nothing changes.
 *
 * @param level `high` for one that reads sockets, `raised` for one that keeps what it gets
 * @returns whether it has priority now
 */
export function raisePriority(level: 'high' | 'raised'): boolean {
  try {
    setPriority(level === 'high' ? PRIORITY_HIGH : PRIORITY_ABOVE_NORMAL)
    return true
  } catch {
    return false
  }
}
