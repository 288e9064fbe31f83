import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { randomUUID } from 'node:crypto'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { TEXT } from '@hepscope/shared/event/columns.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'

/** How long a test packet may take from the socket to the stream, ms. */
const TIMEOUT_MS = 2000
/** User of the test packets, by which they can be told from traffic. */
export const CHECK_USER = 'hepscope-check'

/** A listener of this server, and what it asks of packets. */
export interface CheckedListener {
  readonly transport: string
  readonly host: string
  readonly port: number
  /** HEP chunk 0x000e, where the listener asks for one. */
  readonly authKey?: string
}

/** What became of the test packet of one listener. */
export type CheckResult = Pick<CheckedListener, 'transport' | 'host' | 'port'> &
  ({ readonly ok: true; readonly ms: number } | { readonly ok: false; readonly reason: string })

/**
 * Sends a HEP packet to each of our own listeners, over the loopback address where a listener has all, and looks
 * whether it becomes an event. It takes the whole way of a real packet, so it is in the list and in the store too.
 */
export class ListenerCheck {
  readonly #listeners: () => readonly CheckedListener[]
  readonly #waiting = new Map<string, () => void>()

  constructor(listeners: () => readonly CheckedListener[]) {
    this.#listeners = listeners
  }

  /** Look for test packets among events. Costs nothing while no check runs. */
  note(block: EventBlock): void {
    if (this.#waiting.size === 0) return
    for (let row = 0; row < block.count; row++) {
      const callId = block.text(TEXT.callId, row)
      this.#waiting.get(callId)?.()
    }
  }

  /** Check all listeners at once; takes at most two seconds. */
  run(): Promise<CheckResult[]> {
    return Promise.all(this.#listeners().map((listener) => this.#check(listener)))
  }

  async #check({ transport, host, port, authKey }: CheckedListener): Promise<CheckResult> {
    const listener = { transport, host, port }
    const target = { host: loopbackOf(host), port }
    const callId = `${randomUUID()}@${CHECK_USER}`
    const startedMs = performance.now()
    const arrived = new Promise<void>((resolve) => this.#waiting.set(callId, resolve))
    const close = new AbortController()
    const late = new Promise<string>((resolve) => {
      const timer = setTimeout(() => resolve(LATE[transport] ?? LATE_OTHERWISE), TIMEOUT_MS)
      close.signal.addEventListener('abort', () => clearTimeout(timer))
    })
    try {
      const failed = send(transport, target, testPacket(callId, target, authKey), close.signal)
      const reason = await Promise.race([arrived, failed, late])
      if (reason !== undefined) return { ...listener, ok: false, reason }
      return { ...listener, ok: true, ms: Math.round((performance.now() - startedMs) * 10) / 10 }
    } finally {
      this.#waiting.delete(callId)
      close.abort()
    }
  }
}

const LATE_OTHERWISE = 'nothing arrived; see the rejected packets by reason'
const LATE: Readonly<Record<string, string>> = {
  udp: 'nothing arrived: a firewall, a full socket buffer, or the packet was rejected (see the reasons)',
}

/** Resolves, with the reason, only if it cannot be sent. */
function send(
  transport: string,
  target: { readonly host: string; readonly port: number },
  packet: Uint8Array,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve) => {
    const fail = (error: Error): void => resolve(error.message === '' ? String(error) : error.message)
    if (transport === 'udp') {
      const socket = createSocket(target.host.includes(':') ? 'udp6' : 'udp4')
      signal.addEventListener('abort', () => socket.close())
      socket.on('error', fail)
      socket.send(packet, target.port, target.host, (error) => {
        if (error !== null) fail(error)
      })
    } else if (transport === 'http') {
      const host = target.host.includes(':') ? `[${target.host}]` : target.host
      fetch(`http://${host}:${target.port}/`, { method: 'POST', body: Uint8Array.from(packet), signal })
        .then(async (response) => {
          if (!response.ok) resolve(`HTTP ${response.status} ${(await response.text()).slice(0, 200)}`)
        })
        .catch((error: unknown) => fail(error instanceof Error ? error : new Error(String(error))))
    } else {
      // It is our own certificate, whatever name it has.
      const socket = transport === 'tls' ? connectTls({ ...target, rejectUnauthorized: false }) : connect(target)
      signal.addEventListener('abort', () => socket.destroy())
      socket.on('error', fail)
      socket.on('close', () => resolve('the listener closed the connection'))
      socket.once(transport === 'tls' ? 'secureConnect' : 'connect', () => socket.write(packet))
    }
  })
}

function testPacket(
  callId: string,
  { host, port }: { readonly host: string; readonly port: number },
  authKey: string | undefined,
): Uint8Array {
  const sip = [
    `OPTIONS sip:${CHECK_USER}@hepscope.invalid SIP/2.0`,
    `Via: SIP/2.0/UDP hepscope.invalid;branch=z9hG4bK${randomUUID()}`,
    `From: <sip:${CHECK_USER}@hepscope.invalid>;tag=1`,
    `To: <sip:${CHECK_USER}@hepscope.invalid>`,
    `Call-ID: ${callId}`,
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
  ]
  return encodeHep({
    version: 3,
    ipProtocol: 17,
    srcIp: host,
    dstIp: host,
    srcPort: 5060,
    dstPort: port,
    tsUs: Date.now() * 1000,
    protocolType: 1,
    agentId: 0,
    payload: Buffer.from(`${sip.join('\r\n')}\r\n\r\n`),
    ...(authKey !== undefined && { authKey }),
  })
}

function loopbackOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}
