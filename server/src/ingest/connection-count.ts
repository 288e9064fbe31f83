/**
 * Connections of one listener, counted by all its threads together, so that the limit is the same however many there
 * are. Each thread has a number of its own, which is set to zero if it dies.
 */
export class ConnectionCount {
  readonly buffer: SharedArrayBuffer
  readonly #counts: Int32Array
  readonly #max: number
  readonly #thread: number

  /** @param shared counts of all threads, see `sharedConnections`; `thread` is the index of this one */
  constructor(max: number, shared = sharedConnections(1), thread = 0) {
    this.buffer = shared
    this.#counts = new Int32Array(shared)
    this.#max = max
    this.#thread = thread
  }

  /** Count one more. False if there are too many already; it is not counted then. */
  open(): boolean {
    Atomics.add(this.#counts, this.#thread, 1)
    if (connectionsIn(this.buffer) <= this.#max) return true
    this.close()
    return false
  }

  close(): void {
    Atomics.sub(this.#counts, this.#thread, 1)
  }

  get total(): number {
    return connectionsIn(this.buffer)
  }
}

export function sharedConnections(threads: number): SharedArrayBuffer {
  return new SharedArrayBuffer(threads * Int32Array.BYTES_PER_ELEMENT)
}

/** Connections of all threads. */
export function connectionsIn(shared: SharedArrayBuffer): number {
  const counts = new Int32Array(shared)
  let sum = 0
  for (let i = 0; i < counts.length; i++) sum += Atomics.load(counts, i)
  return sum
}

/**
 * A thread is gone, and its connections with it.
 *
 * @returns how many it had
 */
export function clearConnections(shared: SharedArrayBuffer, thread: number): number {
  return Atomics.exchange(new Int32Array(shared), thread, 0)
}
