import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export interface MemorySample {
  /** Live objects of this thread, after a collection. */
  readonly heapBytes: number
  /** Array buffers of this thread. */
  readonly bufferBytes: number
}

/** Collects garbage first, so that two samples tell what is kept and not when the collector ran. */
export function sampleMemory(): MemorySample {
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return { heapBytes: heapUsed, bufferBytes: arrayBuffers }
}

let gc: (() => void) | undefined

function collect(): void {
  if (gc === undefined) {
    setFlagsFromString('--expose-gc')
    gc = runInNewContext('gc') as () => void
  }
  gc()
}
