import type { DuckDBConnection } from '@duckdb/node-api'
import { expect } from 'vitest'
import type { EngineWorld } from '../../../src/store/engine.ts'
import type { Blocks } from '../blocks.ts'
import { engineAt } from '../data-dir.ts'
import type { LakeStoreOptions } from './lakes.ts'

const LATE_MS = 20_000

/** Lets sealing to a lake fail at any of its statements, or a process die there, as far as sealing goes. */
export class SealFaults {
  isDead = false
  /** True when the answer of `loseAnswer` was lost. */
  isLost = false
  #count = 0
  #dieAt = Infinity
  #losing: string | undefined

  /** World of the engine. */
  readonly world: EngineWorld = { sealConnection: (connection) => this.#guard(connection) }

  /** Die before statement number `at` from now (0: the next). */
  dieAt(at: number): void {
    this.#count = 0
    this.#dieAt = at
  }

  /** Let the next statement of that text be done, and its answer be lost. */
  loseAnswer(statement: string): void {
    this.#losing = statement
  }

  #guard(connection: DuckDBConnection): DuckDBConnection {
    return new Proxy(connection, {
      get: (target, name: keyof DuckDBConnection) => {
        const member: unknown = target[name]
        if (typeof member !== 'function') return member
        const real = (member as (...args: readonly unknown[]) => unknown).bind(target)
        if (name !== 'run' && name !== 'runAndReadAll') return real
        return (...args: readonly unknown[]) => this.#run(String(args[0]), () => real(...args))
      },
    })
  }

  async #run(statement: string, real: () => unknown): Promise<unknown> {
    if (this.#count++ >= this.#dieAt) this.isDead = true
    if (this.isDead) throw new Error('dead')
    const answer = await real()
    if (this.#losing !== statement) return answer
    this.#losing = undefined
    this.isLost = true
    throw new Error('the connection was lost')
  }
}

/**
 * Leave a data directory as a process does that dies behind a commit, before it could remove the segment: 10 events and
 * `count` more are in the lake, and the latter are in the log too.
 */
export async function dieBehindCommit(
  dataDir: string,
  options: LakeStoreOptions,
  blocks: Blocks,
  count: number,
): Promise<void> {
  const faults = new SealFaults()
  const engine = await engineAt(dataDir, options, faults.world)
  engine.append(blocks.invites(10))
  // So that the tables are there, whose making is a commit too.
  await engine.seal()
  engine.append(blocks.invites(count))
  await engine.flush()
  faults.loseAnswer('COMMIT')
  void engine.seal()
  await expect.poll(() => faults.isLost, { timeout: LATE_MS }).toBe(true)
  faults.isDead = true
  await engine.close()
}
