/** Frames follow each other no closer. */
const FRAME_MS = 16
/** A page that takes long to draw one is left so many times that long for everything else. */
const REST_FACTOR = 2
/** A page that draws nothing for longer, in the background, must not wait as long when it is back. */
const LONGEST_REST_MS = 200
/** Counters go on when nothing arrives. */
const IDLE_MS = 250

/** Gives the page frames as fast as it draws them, and no faster than a screen shows them. */
export class FramePump<T> {
  readonly #make: () => T | undefined
  readonly #send: (frame: T) => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #timerMs = Infinity
  #isDrawing = false
  #lastFrameMs = 0
  #drawMs = 0

  /** @param make the next frame; undefined if there is nothing to tell */
  constructor(make: () => T | undefined, send: (frame: T) => void) {
    this.#make = make
    this.#send = send
  }

  /** The page has drawn the last frame and takes another. */
  drawn(): void {
    this.#isDrawing = false
    this.#drawMs = performance.now() - this.#lastFrameMs
  }

  /** Something may have changed: send a frame when the page has drawn the last one, at the earliest `delayMs` from now. */
  schedule(delayMs = 0): void {
    if (this.#isDrawing) return
    const restMs = Math.min(LONGEST_REST_MS, Math.max(FRAME_MS, REST_FACTOR * this.#drawMs))
    const dueMs = Math.max(performance.now() + delayMs, this.#lastFrameMs + restMs)
    if (this.#timer !== undefined) {
      if (this.#timerMs <= dueMs) return
      clearTimeout(this.#timer)
    }
    this.#timerMs = dueMs
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, dueMs - performance.now()))
  }

  #fire(): void {
    this.#timer = undefined
    this.#timerMs = Infinity
    const frame = this.#make()
    if (frame === undefined) {
      this.schedule(IDLE_MS)
      return
    }
    this.#lastFrameMs = performance.now()
    this.#isDrawing = true
    this.#send(frame)
  }
}
