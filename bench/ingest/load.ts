import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { SCENARIOS } from '../../server/src/gen/scenarios/all.ts'
import { LoadPool } from '../../server/src/gen/load-pool.ts'

/** What a sender has done. */
export interface LoadResult {
  readonly sent: number
  readonly seconds: number
  readonly bytes: number
}

/** Most packets between two looks at the clock. */
const BURST = 64
/** Rest after what was due: a sender that spins would take the processor that the receiver needs. */
const REST_MS = 0.25
/** Whoever falls behind catches up with no more than so many times the rate, and a pause of no more than so long at once. */
const CATCH_UP = 1.5
const MAX_PAUSE_MS = 5
const STREAM_PIECE_BYTES = 256 * 1024
/** Most packets of one write at a constant rate. */
const PACED_PACKETS = 256

/** Datagrams at a constant rate; the count is exact. */
export async function sendDatagrams(port: number, packetsPerSec: number, seconds: number): Promise<LoadResult> {
  const pool = newPool()
  const socket = createSocket('udp4')
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const total = packetsPerSec * seconds
  let sent = 0
  let bytes = 0
  let failed = 0
  // Without a callback for each: the sender has no processor to itself.
  socket.on('error', () => failed++)
  const startMs = performance.now()
  let turnMs = startMs
  let budget = 0
  const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  while (sent < total) {
    const nowMs = performance.now()
    const perMs = packetsPerSec / 1000
    budget = Math.min(budget + (nowMs - turnMs) * perMs * CATCH_UP, MAX_PAUSE_MS * perMs)
    const due = Math.min(total, Math.floor((nowMs - startMs) * perMs), sent + Math.min(BURST, Math.floor(budget)))
    budget -= Math.max(0, due - sent)
    turnMs = nowMs
    const timeUs = Math.floor((performance.timeOrigin + nowMs) * 1000)
    for (; sent < due; sent++) {
      const packet = pool.next(timeUs)
      bytes += packet.length
      socket.send(packet)
    }
    // Shorter than a timer can.
    if ((performance.now() - startMs) * perMs - sent < BURST / 2) Atomics.wait(never, 0, 0, REST_MS)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const elapsed = (performance.now() - startMs) / 1000
  socket.close()
  return { sent: sent - failed, seconds: elapsed, bytes }
}

/** As many packets as the receiver takes, over some connections, in large writes: what a busy agent's socket does. */
export async function sendStreams(port: number, connections: number, seconds: number): Promise<LoadResult> {
  const pieces = streamPieces()
  const startMs = performance.now()
  const results = await Promise.all(
    Array.from({ length: connections }, () => sendStream(port, pieces, startMs + seconds * 1000)),
  )
  return {
    sent: results.reduce((sum, { sent }) => sum + sent, 0),
    bytes: results.reduce((sum, { bytes }) => sum + bytes, 0),
    seconds: (performance.now() - startMs) / 1000,
  }
}

/** Packets at a constant rate over one connection; the count is exact. Each has a time and, by call, ids of its own. */
export async function sendPacedStream(port: number, packetsPerSec: number, seconds: number): Promise<LoadResult> {
  const pool = newPool()
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  const total = packetsPerSec * seconds
  const startMs = performance.now()
  let sent = 0
  let bytes = 0
  while (sent < total) {
    const nowMs = performance.now()
    const due = Math.min(total, Math.floor(((nowMs - startMs) * packetsPerSec) / 1000))
    const timeUs = Math.floor((performance.timeOrigin + nowMs) * 1000)
    const packets: Uint8Array[] = []
    // Copies: the pool changes its packets when it comes to them again.
    for (; sent < due && packets.length < PACED_PACKETS; sent++) packets.push(Uint8Array.from(pool.next(timeUs)))
    const piece = Buffer.concat(packets)
    bytes += piece.length
    if (packets.length > 0 && !socket.write(piece)) await once(socket, 'drain')
    if (packets.length < PACED_PACKETS) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const elapsed = (performance.now() - startMs) / 1000
  socket.end()
  await once(socket, 'close')
  return { sent, seconds: elapsed, bytes }
}

interface Piece {
  readonly bytes: Uint8Array
  readonly packets: number
}

async function sendStream(port: number, pieces: readonly Piece[], endMs: number): Promise<Omit<LoadResult, 'seconds'>> {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  let sent = 0
  let bytes = 0
  while (performance.now() < endMs) {
    for (const piece of pieces) {
      sent += piece.packets
      bytes += piece.bytes.length
      if (!socket.write(piece.bytes)) await once(socket, 'drain')
    }
  }
  socket.end()
  await once(socket, 'close')
  return { sent, bytes }
}

function streamPieces(): Piece[] {
  const pool = newPool()
  const timeUs = Date.now() * 1000
  const pieces: Piece[] = []
  let packets: Uint8Array[] = []
  let size = 0
  for (let i = 0; i < pool.frameCount; i++) {
    const packet = pool.next(timeUs)
    packets.push(packet)
    size += packet.length
    if (size < STREAM_PIECE_BYTES && i < pool.frameCount - 1) continue
    pieces.push({ bytes: Buffer.concat(packets), packets: packets.length })
    packets = []
    size = 0
  }
  return pieces
}

function newPool(): LoadPool {
  return new LoadPool({ seed: 1, scenarios: SCENARIOS, firstCycle: Date.now() })
}
