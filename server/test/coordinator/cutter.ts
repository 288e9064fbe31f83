import type { CutKind, CuttingProxy } from '../cutting-proxy.ts'

export interface CutterOptions {
  /** Lengths of cuts, ms; one is picked at random. */
  readonly cutsMs: readonly number[]
  /** Between two cuts, ms; up to twice as long at random. */
  readonly pauseMs: number
  /** 0 up to 1. */
  readonly random: () => number
}

/** Cuts a line again and again, for random times and in both ways. */
export class Cutter {
  /** Cuts so far, by kind and length, e.g. `silence 5000`. */
  readonly counts = new Map<string, number>()
  readonly #proxy: CuttingProxy
  readonly #options: CutterOptions
  #timer: NodeJS.Timeout

  constructor(proxy: CuttingProxy, options: CutterOptions) {
    this.#proxy = proxy
    this.#options = options
    this.#timer = this.#pause()
  }

  /** End with the line whole. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#proxy.mend()
  }

  #pause(): NodeJS.Timeout {
    const { pauseMs, random } = this.#options
    return setTimeout(() => this.#cut(), pauseMs * (1 + random()))
  }

  #cut(): void {
    const { cutsMs, random } = this.#options
    const kind: CutKind = random() < 0.5 ? 'reset' : 'silence'
    const lengthMs = cutsMs[Math.floor(random() * cutsMs.length)] ?? 0
    const name = `${kind} ${lengthMs}`
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
    this.#proxy.cut(kind)
    this.#timer = setTimeout(() => {
      this.#proxy.mend()
      this.#timer = this.#pause()
    }, lengthMs)
  }
}
