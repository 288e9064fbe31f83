import type { EventBlock } from '../event/block.ts'
import { TEXT } from '../event/columns.ts'
import { hashBytes, mix } from '../bytes/hash.ts'

/** Most observers told apart; those beyond share the last number. */
export const MAX_OBSERVERS = 4096

/**
 * Numbers the observers: who saw an event is its node, capture agent id and agent name. Agents often share an id, so
 * the name counts too.
 */
export class Observers {
  readonly #numbers = new Map<number, number>()
  #node = ''
  #nodeHash = 0
  #lastHash = 0
  #lastNumber = -1

  /** @returns 0 up to `MAX_OBSERVERS` - 1, in order of appearance */
  numberOf(block: EventBlock, row: number): number {
    if (block.node !== this.#node) {
      const bytes = new TextEncoder().encode(block.node)
      this.#node = block.node
      this.#nodeHash = hashBytes(bytes, 0, bytes.length)
    }
    const i = row + TEXT.agentName * block.rows
    const at = block.textAt[i] ?? 0
    const name = hashBytes(block.arena, at, at + (block.textLength[i] ?? 0))
    const hash = mix(mix(this.#nodeHash, block.agentId[row] ?? 0), name)
    if (hash === this.#lastHash && this.#lastNumber >= 0) return this.#lastNumber
    let number = this.#numbers.get(hash)
    if (number === undefined) {
      number = Math.min(this.#numbers.size, MAX_OBSERVERS - 1)
      if (this.#numbers.size < MAX_OBSERVERS) this.#numbers.set(hash, number)
    }
    this.#lastHash = hash
    this.#lastNumber = number
    return number
  }
}
