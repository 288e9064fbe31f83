import { describe, expect, it } from 'vitest'
import type { Call } from '@hepscope/shared/call/call.ts'
import { CallTracker } from '@hepscope/shared/call/tracker.ts'
import { SCENARIOS, type ScriptedCall } from '../../../shared/test/call/scenarios.ts'
import { blockOf, packetsOf, START_US } from '../../../shared/test/call/sip-script.ts'
import { fromBlock } from '../../src/app/ladder/from-block.ts'
import { LadderModel } from '../../src/app/ladder/layout.ts'
import type { LadderRow } from '../../src/app/ladder/row.ts'

const CASES: readonly (readonly [name: string, call: ScriptedCall])[] = Object.entries(SCENARIOS)

/** A row as a line that can be read: when, from which lane to which, what, and its flags. */
function rowText(row: LadderRow, lanes: readonly string[]): string {
  const ms = (us: number): string => ((us - START_US) / 1000).toFixed(1).padStart(8)
  if (row.kind === 'gap') return `${ms(row.fromUs)} gap of ${row.count}`
  const flags = [
    row.retransmission > 0 ? `repeat ${row.retransmission}` : '',
    row.copies.length > 0 ? `copies ${row.copies.length}` : '',
    row.isSelf ? 'self' : '',
    row.fold === undefined ? '' : `fold ${JSON.stringify(row.fold)}`,
  ].filter((flag) => flag !== '')
  const way = `${lanes[row.fromLane] ?? '?'} > ${lanes[row.toLane] ?? '?'}`
  return [ms(row.tsUs), row.leg, way, row.label, row.tone, ...flags].join('  ')
}

/** Times are milliseconds since the first line of the script. */
function callSummary(call: Call): unknown {
  const since = (us: number | undefined): number | undefined => (us === undefined ? undefined : (us - START_US) / 1000)
  return {
    kind: call.kind,
    state: call.state,
    stateClass: call.stateClass,
    statusCode: call.statusCode,
    reason: call.reason,
    ringAtMs: since(call.ringAtUs),
    answerAtMs: since(call.answerAtUs),
    endAtMs: since(call.endAtUs),
    hangupSide: call.hangupSide,
    messages: call.messageCount,
    retransmissions: call.retransmissionCount,
    copies: call.duplicateCount,
    challenges: call.challengeCount,
    evidence: call.evidence,
    legs: call.legs.map(({ callId, state }) => ({ callId, state })),
    route: call.route,
  }
}

function modelOf(script: string): unknown {
  const block = blockOf(packetsOf(script))
  const tracker = new CallTracker()
  const ladder = new LadderModel()
  for (let row = 0; row < block.count; row++) tracker.apply(block, row)
  ladder.add(Array.from({ length: block.count }, (_, row) => fromBlock(block, row)))
  const { rows, lanes } = ladder.scene()
  const names = lanes.map(({ id }) => id)
  return { calls: [...tracker.calls()].map(callSummary), lanes: names, rows: rows.map((row) => rowText(row, names)) }
}

describe('golden ladder', () => {
  it.each(CASES)('of %s', async (name, { script }) => {
    await expect(`${JSON.stringify(modelOf(script), undefined, 2)}\n`).toMatchFileSnapshot(`snapshots/${name}.json`)
  })
})
