import type { ControlFrame, NodePosition } from '@hepscope/shared/frame/control.ts'

/** Up to where a viewer has everything of each node, so that the next connection can go on there. */
export class Positions {
  readonly #byNode = new Map<string, NodePosition>()
  /** Where the live events of this connection begin: counts once the past before them has arrived. */
  #liveFrom: readonly NodePosition[] = []

  get all(): readonly NodePosition[] {
    return [...this.#byNode.values()]
  }

  /** Whether an event has arrived before: a node that was unknown at a resume is sent from its beginning. */
  has({ node, epoch, seq }: NodePosition): boolean {
    const known = this.#byNode.get(node)
    return known?.epoch === epoch && seq <= known.seq
  }

  /** An event arrived. */
  reach(position: NodePosition): void {
    this.#byNode.set(position.node, position)
  }

  receive(frame: ControlFrame): void {
    switch (frame.type) {
      case 'hello':
        this.#liveFrom = frame.positions
        break
      case 'replay-end':
        this.#advance(this.#liveFrom)
        break
      case 'clock':
        this.#advance(frame.positions ?? [])
        break
      case 'gap':
        // What is lost for good is not to be asked for again.
        if (frame.to !== undefined) this.#advance([{ node: frame.node, epoch: frame.epoch, seq: frame.to }])
        break
      case 'status':
        break
    }
  }

  #advance(positions: readonly NodePosition[]): void {
    for (const position of positions) {
      const known = this.#byNode.get(position.node)
      if (known?.epoch !== position.epoch || known.seq < position.seq) this.reach(position)
    }
  }
}
