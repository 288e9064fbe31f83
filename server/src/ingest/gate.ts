import { timingSafeEqual } from 'node:crypto'
import type { HepFields } from '@hepscope/shared/hep/fields.ts'
import { parseIp } from '@hepscope/shared/net/ip.ts'
import { isInNetwork, type Network } from '@hepscope/shared/net/network.ts'
import { type PeerKey, PeerRates } from './peer-rates.ts'

/** Who may send to one listener. What is left out is not asked for. */
export interface GateOptions {
  /** What HEP chunk 0x000e must hold. */
  readonly authKey?: string
  /** Addresses that may send. */
  readonly networks?: readonly Network[]
  /** Packets a second that one address may send, over all threads; what is beyond is dropped. */
  readonly packetsPerSec?: number
}

export type GateRefusal = 'peer-not-allowed' | 'peer-rate' | 'auth-key'

/** Addresses that are remembered; with more the oldest is judged anew. */
const MAX_PEERS = 10_000

interface Peer {
  readonly isAllowed: boolean
  /** Undefined where packets are not counted. */
  readonly key: PeerKey | undefined
}

/** The checks of one listener, made before a packet becomes an event. */
export class Gate {
  readonly #networks: readonly Network[]
  readonly #packetsPerSec: number
  readonly #authKey: Buffer | undefined
  /** Undefined where packets are not counted. */
  readonly #rates: PeerRates | undefined
  readonly #peers = new Map<string, Peer>()

  /** @param rates of the other threads that have the same listener */
  constructor({ authKey, networks = [], packetsPerSec = 0 }: GateOptions, rates?: SharedArrayBuffer) {
    this.#rates = packetsPerSec > 0 ? new PeerRates(rates) : undefined
    this.#networks = networks
    this.#packetsPerSec = packetsPerSec
    this.#authKey = authKey === undefined ? undefined : Buffer.from(authKey)
  }

  /** Whether packets need a key. */
  get hasKey(): boolean {
    return this.#authKey !== undefined
  }

  /** Whether an address may send at all, e.g. open a connection. */
  allows(address: string): boolean {
    return this.#peerOf(address).isAllowed
  }

  /** Judge the next packet of an address, before it is decoded. */
  refusalOfPeer(address: string, nowMs: number): GateRefusal | undefined {
    const peer = this.#peerOf(address)
    if (!peer.isAllowed) return 'peer-not-allowed'
    if (peer.key === undefined) return undefined
    const isWithin = this.#rates?.take(peer.key, Math.floor(nowMs / 1000), this.#packetsPerSec)
    return isWithin === false ? 'peer-rate' : undefined
  }

  /** Judge the key of a decoded packet, in a time that does not tell how much of it is right. */
  refusalOfKey(packet: Uint8Array, fields: HepFields): GateRefusal | undefined {
    const expected = this.#authKey
    if (expected === undefined) return undefined
    const given = fields.authKeyAt < 0 ? new Uint8Array(0) : packet.subarray(fields.authKeyAt, fields.authKeyEnd)
    // Another length is compared as well, against the key itself, so that it takes as long.
    const isSameLength = given.length === expected.length
    const isEqual = timingSafeEqual(isSameLength ? given : expected, expected)
    return isSameLength && isEqual ? undefined : 'auth-key'
  }

  #peerOf(address: string): Peer {
    const known = this.#peers.get(address)
    if (known !== undefined) return known
    const peer = { isAllowed: this.#isInside(address), key: this.#rates?.keyOf(address) }
    if (this.#peers.size >= MAX_PEERS) {
      const [oldest] = this.#peers.keys()
      if (oldest !== undefined) this.#peers.delete(oldest)
    }
    this.#peers.set(address, peer)
    return peer
  }

  #isInside(address: string): boolean {
    if (this.#networks.length === 0) return true
    // A dual-stack socket shows IPv4 peers as ::ffff:a.b.c.d.
    const bytes = parseIp(address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, ''))
    return bytes !== undefined && this.#networks.some((network) => isInNetwork(network, bytes, bytes.length))
  }
}
