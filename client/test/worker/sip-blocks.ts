import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'

/** 2026-01-31T14:00:00Z */
export const START_US = 1_769_868_000_000_000
export const START_MS = START_US / 1000

/** What a test says of one SIP message; the rest is made up. */
export interface Said {
  readonly callId: string
  /** A method, or a status code. */
  readonly what: string | number
  /** CSeq method of an answer. */
  readonly cseqMethod?: string
  readonly from?: string
  readonly to?: string
  /** Milliseconds after `START_US`. */
  readonly atMs?: number
  readonly src?: string
  readonly dst?: string
  readonly toTag?: string
  readonly aLeg?: string
}

const utf8 = new TextEncoder()

function sipText({ callId, what, cseqMethod, from = 'alice', to = 'bob', toTag, aLeg }: Said): string {
  const method = typeof what === 'string' ? what : (cseqMethod ?? 'INVITE')
  const start = typeof what === 'string' ? `${what} sip:${to}@example.com SIP/2.0` : `SIP/2.0 ${what} Reason`
  return [
    start,
    `Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK-${callId}-${method}`,
    `From: <sip:${from}@example.com>;tag=f-${callId}`,
    `To: <sip:${to}@example.com>${toTag === undefined ? '' : `;tag=${toTag}`}`,
    `Call-ID: ${callId}`,
    `CSeq: 1 ${method}`,
    ...(aLeg === undefined ? [] : [`X-CID: ${aLeg}`]),
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n')
}

export function hepPacket(said: Said): HepPacket {
  return {
    version: 3,
    ipProtocol: 17,
    srcIp: said.src ?? '10.0.0.1',
    dstIp: said.dst ?? '10.0.0.2',
    srcPort: 5060,
    dstPort: 5060,
    tsUs: START_US + (said.atMs ?? 0) * 1000,
    protocolType: 1,
    agentId: 2001,
    payload: utf8.encode(sipText(said)),
  }
}

/** Makes the blocks that a node sends. */
export class Node {
  #writer: BlockWriter
  readonly #name: string
  #epoch: number

  constructor(name = 'fra', epoch = 1000) {
    this.#name = name
    this.#epoch = epoch
    this.#writer = new BlockWriter({ node: name, epoch })
  }

  block(...all: readonly Said[]): EventBlock {
    for (const said of all) {
      const fault = this.#writer.append(encodeHep(hepPacket(said)), START_US)
      if (fault !== undefined) throw new Error(fault)
    }
    const lastMs = Math.max(...all.map((said) => said.atMs ?? 0))
    const block = this.#writer.seal(START_US + lastMs * 1000)
    if (block === undefined) throw new Error('a block of nothing')
    return block
  }

  /** The node stops and starts again. */
  restart(epoch: number): void {
    this.#epoch = epoch
    this.#writer = new BlockWriter({ node: this.#name, epoch: this.#epoch })
  }
}

/** An INVITE for each Call-ID. */
export function invites(...callIds: readonly string[]): Said[] {
  return callIds.map((callId) => ({ callId, what: 'INVITE' }))
}
