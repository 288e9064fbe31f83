import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import type { Flow } from './call.ts'

interface Entry {
  readonly flow: Flow
  /** The next packet of the flow. */
  packet: HepPacket
  timeUs: number
  /** Rank by age: decides between equal times, so that the order is always the same. */
  readonly order: number
}

/** Running flows, the one with the earliest next packet first: a binary heap. Holds one packet per flow. */
export class FlowHeap {
  readonly #entries: Entry[] = []
  #addedCount = 0

  get size(): number {
    return this.#entries.length
  }

  /** Time of the next packet; absent if no flow runs. */
  get nextTimeUs(): number | undefined {
    return this.#entries[0]?.timeUs
  }

  /** Starts a flow; one without packets is over at once. */
  add(flow: Flow): void {
    const first = flow.next()
    const order = this.#addedCount++
    if (first.done === true) return
    this.#entries.push({ flow, packet: first.value, timeUs: first.value.tsUs ?? 0, order })
    this.#rise(this.#entries.length - 1)
  }

  /** The earliest packet of all flows; none if no flow runs. */
  *takeOne(): Flow {
    const top = this.#entries[0]
    if (top === undefined) return
    yield top.packet
    const next = top.flow.next()
    if (next.done === true) {
      const last = this.#entries.pop()
      if (last !== undefined && last !== top) this.#entries[0] = last
    } else {
      top.packet = next.value
      top.timeUs = next.value.tsUs ?? 0
    }
    this.#sink()
  }

  #rise(from: number): void {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1
      if (!this.#swapIfLater(parent, at)) return
      at = parent
    }
  }

  #sink(): void {
    for (let at = 0; ;) {
      const left = this.#entries[2 * at + 1]
      const right = this.#entries[2 * at + 2]
      if (left === undefined) return
      const child = right !== undefined && isLater(left, right) ? 2 * at + 2 : 2 * at + 1
      if (!this.#swapIfLater(at, child)) return
      at = child
    }
  }

  /** @returns whether the first entry was later than the second, so that they changed places */
  #swapIfLater(first: number, second: number): boolean {
    const a = this.#entries[first]
    const b = this.#entries[second]
    if (a === undefined || b === undefined || !isLater(a, b)) return false
    this.#entries[first] = b
    this.#entries[second] = a
    return true
  }
}

function isLater(a: Entry, b: Entry): boolean {
  return a.timeUs > b.timeUs || (a.timeUs === b.timeUs && a.order > b.order)
}
