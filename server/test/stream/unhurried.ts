import { Pace } from '../../src/stream/pace.ts'

/** A pace that always has time to write: its clock stands still. */
export function unhurried(): Pace {
  return new Pace({ nowMs: () => 0, idleMs: () => 0, cpuMs: () => 0 })
}
