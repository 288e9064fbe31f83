import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'

const BATCH_MS = 5
/** Packets of one write: encoded before their time is taken, so that they are not older than the write by more than this takes. */
const MAX_BATCH = 200
/** What a round writes at most: one search has to find all of it. */
const MAX_PACKETS = 45_000

/** What was sent, and when: `sentMs` of packet `i` by `performance.now()`. */
export interface Ledger {
  readonly round: number
  readonly sentMs: readonly number[]
}

export function callIdOf(round: number, number: number): string {
  return `kill-${round}-${number}@ledger.example`
}

/** Payload of a packet; its Call-ID is in it, and it is as long as SIP is. */
export function payloadOf(round: number, number: number): string {
  return (
    `INVITE sip:b${number % 997}@ledger.example SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK-${round}-${number}\r\n` +
    `From: <sip:a${number % 991}@ledger.example>;tag=${number}\r\nTo: <sip:b${number % 997}@ledger.example>\r\n` +
    `Call-ID: ${callIdOf(round, number)}\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContent-Type: application/sdp\r\n` +
    `Content-Length: 300\r\n\r\n${'a=x-kill:'.padEnd(300, String(number % 10))}`
  )
}

/**
 * Sends numbered packets over one TCP connection, until the signal comes or the connection ends. One that falls behind
 * because it got no processor catches up in small writes: what a process has not handed over yet was not sent.
 */
export async function sendLedger(port: number, round: number, perSec: number, signal: AbortSignal): Promise<Ledger> {
  const sentMs: number[] = []
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  // Its end is what these runs are about.
  socket.on('error', () => undefined)
  const startedMs = performance.now()
  while (!signal.aborted && socket.writable && sentMs.length < MAX_PACKETS) {
    const due = Math.min(MAX_PACKETS, Math.floor(((performance.now() - startedMs) * perSec) / 1000))
    const first = sentMs.length
    const count = Math.min(MAX_BATCH, due - first)
    const packets = Array.from({ length: count }, (_, at) => packetOf(round, first + at))
    const nowMs = performance.now()
    for (let at = 0; at < count; at++) sentMs.push(nowMs)
    // Nothing may wait in this process: it would count as sent.
    if (count > 0 && !socket.write(Buffer.concat(packets))) {
      await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined)
    } else if (first + count < due) await nextTurn()
    else await sleep(BATCH_MS)
  }
  socket.end()
  return { round, sentMs }
}

function packetOf(round: number, number: number): Uint8Array {
  return encodeHep({
    version: 3,
    ipProtocol: 6,
    srcIp: '192.0.2.1',
    dstIp: '192.0.2.200',
    srcPort: 5060,
    dstPort: 5060,
    tsUs: Date.now() * 1000,
    protocolType: 1,
    agentId: 2001,
    payload: new TextEncoder().encode(payloadOf(round, number)),
  })
}
