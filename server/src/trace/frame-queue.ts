interface WaitingFrame {
  readonly bytes: Uint8Array
  /** When it began to wait, by the clock of `performance.now`. */
  atMs: number
}

/** Frames that wait for a connection, first come first served. Its owner bounds it. */
export class FrameQueue {
  #frames: WaitingFrame[] = []
  #head = 0
  #byteCount = 0

  get length(): number {
    return this.#frames.length - this.#head
  }

  get byteCount(): number {
    return this.#byteCount
  }

  push(bytes: Uint8Array, atMs: number): void {
    this.#frames.push({ bytes, atMs })
    this.#byteCount += bytes.length
  }

  /** Since when the frame at `index` waits; undefined if fewer wait. */
  waitingSinceMs(index: number): number | undefined {
    return this.#frames[this.#head + index]?.atMs
  }

  /** All waiting frames begin to wait now. */
  restart(nowMs: number): void {
    for (let i = this.#head; i < this.#frames.length; i++) {
      const frame = this.#frames[i]
      if (frame !== undefined) frame.atMs = nowMs
    }
  }

  /** The oldest frames that fit `maxBytes` together, and at least one; they stay in the queue. */
  oldest(maxBytes: number): Uint8Array[] {
    const frames: Uint8Array[] = []
    let byteCount = 0
    for (let i = this.#head; i < this.#frames.length; i++) {
      const bytes = this.#frames[i]?.bytes
      if (bytes === undefined || (frames.length > 0 && byteCount + bytes.length > maxBytes)) break
      frames.push(bytes)
      byteCount += bytes.length
    }
    return frames
  }

  /** Forget the oldest `count` frames. */
  drop(count: number): void {
    const end = Math.min(this.#frames.length, this.#head + count)
    for (let i = this.#head; i < end; i++) this.#byteCount -= this.#frames[i]?.bytes.length ?? 0
    this.#head = end
    // Cutting the front off for each frame would make a long queue slow.
    if (this.#head === this.#frames.length || this.#head >= 1024) {
      this.#frames = this.#frames.slice(this.#head)
      this.#head = 0
    }
  }

  /** Forget all frames. */
  clear(): void {
    this.#frames = []
    this.#head = this.#byteCount = 0
  }
}
