import { playSampleCalls } from '../gen/play.ts'
import type { SamplePlayer } from '../http/routes/samples.ts'
import type { ListenerStatus } from '../ingest/hep-listener.ts'
import type { Logger } from '../log.ts'
import { openSender } from '../trace/sender.ts'

const CALLS_PER_SEC = 2

/** Sends invented calls as HEP to our own first listener, so that they take the way that real ones take. */
export class SampleCalls implements SamplePlayer {
  sentCount = 0
  readonly #listeners: () => readonly ListenerStatus[]
  readonly #log: Logger
  #playing: AbortController | undefined
  #round = 0

  constructor(listeners: () => readonly ListenerStatus[], log: Logger) {
    this.#listeners = listeners
    this.#log = log
  }

  get isPlaying(): boolean {
    return this.#playing !== undefined
  }

  play(calls: number): void {
    if (this.#playing !== undefined) return
    const playing = new AbortController()
    this.#playing = playing
    this.sentCount = 0
    this.#run(calls, playing.signal)
      .catch((error: unknown) => this.#log.error({ err: error }, 'sample calls ended early'))
      .finally(() => (this.#playing = undefined))
  }

  close(): Promise<void> {
    this.#playing?.abort()
    return Promise.resolve()
  }

  async #run(calls: number, signal: AbortSignal): Promise<void> {
    const [listener] = this.#listeners()
    if (listener === undefined) return
    const isAny = listener.host === '0.0.0.0' || listener.host === '::'
    const host = isAny ? '127.0.0.1' : listener.host.includes(':') ? `[${listener.host}]` : listener.host
    const sender = await openSender(`${listener.transport}://${host}:${listener.port}`)
    try {
      await playSampleCalls({
        send: (bytes: Uint8Array) => {
          this.sentCount++
          sender.send(bytes)
        },
        calls,
        callsPerSec: CALLS_PER_SEC,
        // Another round of the same process brings other calls.
        seed: Math.floor(Date.now() / 1000) + this.#round++,
        signal,
      })
    } finally {
      await sender.close()
    }
  }
}
