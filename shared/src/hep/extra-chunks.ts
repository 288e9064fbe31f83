import { CHUNK } from './chunks.ts'

export type NumberMember =
  | 'keepAliveSeconds'
  | 'vlanId'
  | 'etherType'
  | 'tcpFlags'
  | 'ipTos'
  | 'mos'
  | 'rFactor'
  | 'jitter'
  | 'tagType'
  | 'eventType'
export type TextMember = 'geoLocation' | 'transactionType' | 'payloadJsonKeys' | 'tagsValues' | 'groupId'
export type MacMember = 'sourceMac' | 'destinationMac'

/** `sizes`: what the specification says first; behind it what an older revision said, which is on the wire too. */
type ChunkShape =
  | { readonly kind: 'number'; readonly member: NumberMember; readonly sizes: readonly number[] }
  | { readonly kind: 'mac'; readonly member: MacMember; readonly sizes: readonly number[] }
  | { readonly kind: 'text'; readonly member: TextMember }

/** Generic chunks beyond those of the hot path, in the order in which they are written. */
export const EXTRA_CHUNKS: ReadonlyMap<number, ChunkShape> = new Map<number, ChunkShape>([
  [CHUNK.keepAliveSeconds, { kind: 'number', member: 'keepAliveSeconds', sizes: [2] }],
  [CHUNK.vlanId, { kind: 'number', member: 'vlanId', sizes: [2, 1] }],
  [CHUNK.sourceMac, { kind: 'mac', member: 'sourceMac', sizes: [8, 6] }],
  [CHUNK.destinationMac, { kind: 'mac', member: 'destinationMac', sizes: [8, 6] }],
  [CHUNK.etherType, { kind: 'number', member: 'etherType', sizes: [2] }],
  [CHUNK.tcpFlags, { kind: 'number', member: 'tcpFlags', sizes: [1, 2] }],
  [CHUNK.ipTos, { kind: 'number', member: 'ipTos', sizes: [1, 2] }],
  [CHUNK.mos, { kind: 'number', member: 'mos', sizes: [2] }],
  [CHUNK.rFactor, { kind: 'number', member: 'rFactor', sizes: [2] }],
  [CHUNK.geoLocation, { kind: 'text', member: 'geoLocation' }],
  [CHUNK.jitter, { kind: 'number', member: 'jitter', sizes: [4] }],
  [CHUNK.transactionType, { kind: 'text', member: 'transactionType' }],
  [CHUNK.payloadJsonKeys, { kind: 'text', member: 'payloadJsonKeys' }],
  [CHUNK.tagsValues, { kind: 'text', member: 'tagsValues' }],
  [CHUNK.tagType, { kind: 'number', member: 'tagType', sizes: [2] }],
  [CHUNK.eventType, { kind: 'number', member: 'eventType', sizes: [2, 1] }],
  [CHUNK.groupId, { kind: 'text', member: 'groupId' }],
])

/** How the size of such a chunk is: of no chunk of the specification, or right, or that of an older revision, or wrong. */
export const FIT = { unknown: 0, right: 1, legacy: 2, wrong: 3 } as const
/** Sizes of values up to one byte less are told apart. */
const SIZES = 16

/** Judge the size of a chunk beyond those of the hot path; one of `FIT`. By a table, for some agents send five of them. */
export function extraFit(type: number, length: number): number {
  return FITS[type * SIZES + Math.min(length, SIZES - 1)] ?? FIT.unknown
}

const FITS = new Uint8Array((CHUNK.groupId + 1) * SIZES)
for (const [type, shape] of EXTRA_CHUNKS) {
  const [right, ...legacy] = shape.kind === 'text' ? [] : shape.sizes
  for (let length = 0; length < SIZES; length++) {
    const isRight = shape.kind === 'text' || length === right
    FITS[type * SIZES + length] = isRight ? FIT.right : legacy.includes(length) ? FIT.legacy : FIT.wrong
  }
}
