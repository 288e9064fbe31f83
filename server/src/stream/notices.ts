import type { ControlFrame, GapCause, GapFrame, StatusFrame } from '@hepscope/shared/frame/control.ts'
import type { Batch } from './batch.ts'

/**
 * What a viewer is to be told before its next event: the gaps in front of it, and states of nodes that it could not
 * take in time. One gap for each node, epoch and cause, so its size is bounded by the nodes, however long it waits.
 */
export class Notices {
  readonly #gaps = new Map<string, Required<GapFrame>>()
  readonly #others = new Map<string, GapFrame | StatusFrame>()

  /** Events of a batch, from one number up to another, that the viewer does not get. */
  addDropped(batch: Batch, from: number, to: number, cause: GapCause): void {
    if (to <= from) return
    const { node, epoch } = batch
    this.#addGap({
      type: 'gap',
      node,
      epoch,
      from: batch.seq(from),
      to: batch.seq(to - 1),
      count: to - from,
      cause,
    })
  }

  /** A control frame that was on its way to the viewer when it had to be left behind. */
  add(frame: ControlFrame): void {
    if (frame.type === 'status') this.#others.set(`status ${frame.node}`, frame)
    else if (frame.type === 'gap' && frame.to !== undefined && frame.count !== undefined) {
      this.#addGap({ ...frame, to: frame.to, count: frame.count })
    } else if (frame.type === 'gap') this.#others.set(`${frame.cause} ${frame.node} ${frame.epoch}`, frame)
  }

  /** All of it, oldest cause first; nothing is left behind. */
  take(): readonly ControlFrame[] {
    if (this.#gaps.size === 0 && this.#others.size === 0) return []
    const frames = [...this.#gaps.values(), ...this.#others.values()]
    this.#gaps.clear()
    this.#others.clear()
    return frames
  }

  #addGap(gap: Required<GapFrame>): void {
    const key = `${gap.cause} ${gap.epoch} ${gap.node}`
    const open = this.#gaps.get(key)
    if (open === undefined) this.#gaps.set(key, gap)
    else {
      this.#gaps.set(key, {
        ...open,
        from: Math.min(open.from, gap.from),
        to: Math.max(open.to, gap.to),
        count: open.count + gap.count,
      })
    }
  }
}
