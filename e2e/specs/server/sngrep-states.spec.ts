import { readFileSync, writeFileSync } from 'node:fs'
import type { Leg } from '@hepscope/shared/call/call.ts'
import { CallTracker } from '@hepscope/shared/call/tracker.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import { CaptureMessages, readMessages } from '@hepscope/shared/pcap/messages.ts'
import { PcapTransport } from '@hepscope/shared/pcap/transport.ts'
import { type PcapMessage, writePcap } from '@hepscope/shared/pcap/write.ts'
import { simulateCalls } from '../../../server/src/gen/simulator.ts'
import { readCallList } from '../../peers/sngrep.ts'
import { expect, test } from '../../test.ts'

const CALLS = 2000
const SIP = 1
const BLOCK_ROWS = 500

/** States that are the same in other words. What is no call has none in sngrep. */
const SAME: Readonly<Record<string, readonly string[]>> = {
  'CALL SETUP': ['setup', 'queued', 'forwarding', 'ringing', 'early', 'auth'],
  'IN CALL': ['in-call'],
  COMPLETED: ['ended'],
  CANCELLED: ['cancelled'],
  BUSY: ['busy'],
  DIVERTED: ['diverted'],
  REJECTED: ['rejected', 'declined', 'not-found', 'timeout', 'auth-failed', 'failed'],
}

/** The list of what is meant to differ: rows `| sngrep | hepscope | code | why |` of the document's last table. */
function intendedDifferences(): string[] {
  const text = readFileSync(new URL('../../../docs/states.md', import.meta.url), 'utf8')
  const rows = text
    .slice(text.indexOf('## Beside sngrep'))
    .matchAll(/^\| `([A-Z ]+)` +\| `([a-z-]+)` +\| (\d{3}) +\|/gm)
  return [...rows].map(([, theirs = '', ours = '', code = '']) => difference(theirs, ours, Number(code)))
}

function difference(theirs: string, ours: string, statusCode: number): string {
  return `${theirs} is ${ours} ${statusCode}`
}

/** Write calls of every scenario of the generator, as they are on both sides of the proxies. */
function writeCalls(path: string): void {
  const packets = simulateCalls({ seed: 7, calls: CALLS, callsPerSec: 20, startUs: 1_770_000_000_000_000 })
  writeFileSync(path, writePcap(sipOf(packets), { link: 'ethernet' }))
}

function* sipOf(packets: Iterable<HepPacket>): Generator<PcapMessage> {
  for (const { protocolType, tsUs, ipProtocol, srcIp, dstIp, srcPort, dstPort, payload } of packets) {
    if (protocolType !== SIP || srcIp === undefined || dstIp === undefined || payload === undefined) continue
    const ends = { srcIp, dstIp, srcPort, dstPort }
    yield { tsUs: tsUs ?? 0, ipProtocol, ...ends, bytes: payload }
  }
}

/** Every Call-ID of a capture, as the pages' call model sees it. */
function readLegs(path: string): ReadonlyMap<string, Leg> {
  const tracker = new CallTracker()
  const writer = new BlockWriter({ node: 'file', epoch: 1 })
  const follow = (): void => {
    const block = writer.seal(0)
    if (block === undefined) return
    for (let row = 0; row < block.count; row++) tracker.apply(block, row)
  }
  let rows = 0
  for (const message of readMessages(readFileSync(path), new PcapTransport(), new CaptureMessages())) {
    const { bytes, tsUs = 0, ipProtocol, srcIp, dstIp, srcPort, dstPort } = message
    const outer = {
      version: 3,
      ipProtocol,
      srcIp,
      dstIp,
      srcPort,
      dstPort,
      tsUs,
      protocolType: SIP,
      agentId: 1,
    } as const
    const fault = writer.append(encodeHep({ ...outer, payload: bytes }), tsUs)
    if (fault !== undefined) throw new Error(fault)
    if (++rows % BLOCK_ROWS === 0) follow()
  }
  follow()
  return new Map([...tracker.calls()].flatMap((call) => call.legs.map((leg) => [leg.callId, leg] as const)))
}

test(`says of ${CALLS} mixed calls what sngrep says, but for what is written down`, async ({ stage }) => {
  test.setTimeout(180_000)
  const path = `${stage.directory()}/calls.pcap`
  writeCalls(path)
  const legs = readLegs(path)
  expect(legs.size).toBeGreaterThanOrEqual(CALLS)

  const dialogs = await readCallList(stage, path, legs.size)
  expect(dialogs.map(({ callId }) => callId).sort()).toEqual([...legs.keys()].sort())

  const differences = new Map<string, number>()
  for (const { callId, state: theirs } of dialogs) {
    const { kind, state: ours, statusCode } = legs.get(callId) ?? { kind: 'other', state: 'unknown', statusCode: 0 }
    if (kind === 'call' ? SAME[theirs]?.includes(ours) === true : theirs === '') continue
    const found = difference(theirs, ours, statusCode)
    differences.set(found, (differences.get(found) ?? 0) + 1)
  }
  const intended = intendedDifferences()
  expect([...differences.keys()].sort()).toEqual(intended.sort())
})
