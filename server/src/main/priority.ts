import { constants, setPriority } from 'node:os'

/**
 * Let this thread go before others, e.g. the one that reads the sockets: what the kernel's buffer cannot hold while it
 * waits for a processor is lost. Threads that were started before keep theirs. Without the right to do so nothing changes.
 *
 * @returns whether it has priority now
 */
export function raisePriority(): boolean {
  try {
    setPriority(constants.priority.PRIORITY_HIGH)
    return true
  } catch {
    return false
  }
}
