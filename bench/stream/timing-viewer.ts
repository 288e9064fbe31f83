import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { ViewerPlan } from './viewers.ts'

/** A viewer as programs are: it parses each frame, answers pings, and notes how long after its time an event came. */
export class TimingViewer {
  frames = 0
  bytes = 0
  readonly #socket: WebSocket
  #delaysMs: number[] = []

  constructor(url: string) {
    this.#socket = new WebSocket(url)
    this.#socket.on('message', (data: Buffer) => {
      this.bytes += data.length
      const { ts_us: tsUs } = JSON.parse(data.toString('utf8')) as { readonly ts_us?: number }
      if (tsUs === undefined) return
      this.frames++
      this.#delaysMs.push(performance.timeOrigin + performance.now() - tsUs / 1000)
    })
    this.#socket.on('error', () => this.#socket.terminate())
  }

  static async open({ port, paths }: ViewerPlan): Promise<TimingViewer[]> {
    const viewers = paths.map((path) => new TimingViewer(`ws://127.0.0.1:${port}${path}`))
    await Promise.all(viewers.map((viewer) => once(viewer.#socket, 'open')))
    return viewers
  }

  get isClosed(): boolean {
    return this.#socket.readyState === WebSocket.CLOSED
  }

  /** Those since it was asked for the last time. */
  takeDelays(): number[] {
    const delays = this.#delaysMs
    this.#delaysMs = []
    return delays
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await closed
  }
}
