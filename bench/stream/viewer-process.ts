import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { TimingViewer } from './timing-viewer.ts'
import { CountingViewer, type ViewerPlan, type ViewerTotals } from './viewers.ts'

type Request = { readonly kind: 'open'; readonly plan: ViewerPlan } | { readonly kind: 'count' | 'close' }

/** Argument that makes this program the process of the viewers. */
export const VIEWER_ROLE = 'viewers'

/** Viewers in a process of their own, so that what they cost is not the server's. */
export class ViewerProcess {
  readonly #child: ChildProcess

  constructor() {
    const [, program = ''] = process.argv
    this.#child = fork(program, [VIEWER_ROLE])
  }

  async open(plan: ViewerPlan): Promise<void> {
    await this.#ask({ kind: 'open', plan })
  }

  count(): Promise<ViewerTotals> {
    return this.#ask({ kind: 'count' })
  }

  /** Close all viewers; others may be opened then. */
  async close(): Promise<void> {
    await this.#ask({ kind: 'close' })
  }

  async end(): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.disconnect()
    await exited
  }

  #ask(request: Request): Promise<ViewerTotals> {
    return new Promise((resolve, reject) => {
      const died = (): void => reject(new Error('the process of the viewers has ended'))
      this.#child.once('exit', died)
      this.#child.once('message', (totals: ViewerTotals) => {
        this.#child.off('exit', died)
        resolve(totals)
      })
      this.#child.send(request)
    })
  }
}

/** What the process of the viewers does: what it is told, until it is let go. */
export function serveViewers(): void {
  let viewers: (CountingViewer | TimingViewer)[] = []
  process.on('message', (request: Request) => {
    void (async () => {
      if (request.kind === 'open') {
        const { plan } = request
        viewers.push(...(await (plan.kind === 'timing' ? TimingViewer.open(plan) : CountingViewer.open(plan))))
      } else if (request.kind === 'close') {
        await Promise.all(viewers.map((viewer) => viewer.close()))
        viewers = []
      }
      process.send?.(totalsOf(viewers))
    })()
  })
}

function totalsOf(viewers: readonly (CountingViewer | TimingViewer)[]): ViewerTotals {
  const late = viewers
    .flatMap((viewer) => (viewer instanceof TimingViewer ? viewer.takeDelays() : []))
    .sort((a, b) => a - b)
  const quantile = (share: number) => late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? NaN
  return {
    atMs: performance.now(),
    bytes: viewers.reduce((sum, { bytes }) => sum + bytes, 0),
    frames: viewers.map(({ frames }) => frames),
    closed: viewers.filter(({ isClosed }) => isClosed).length,
    lateness: { median: quantile(0.5), p95: quantile(0.95), most: quantile(1) },
  }
}
