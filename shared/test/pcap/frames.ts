import { parseIp } from '../../src/net/ip.ts'

/** Frames and capture files for tests, built byte by byte: what they hold is what the RFCs say, not what we read. */

export const encoder = new TextEncoder()

export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

export function u16(value: number): number[] {
  return [(value >> 8) & 0xff, value & 0xff]
}

export function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value & 0xffff)]
}

function ipBytes(text: string): Uint8Array {
  const bytes = parseIp(text)
  if (bytes === undefined) throw new Error(`${text} is not an IP address`)
  return bytes
}

export interface Ends {
  readonly src?: string
  readonly dst?: string
  readonly srcPort?: number
  readonly dstPort?: number
}

export function udp(payload: Uint8Array | string, ends: Ends = {}): Uint8Array {
  const bytes = typeof payload === 'string' ? encoder.encode(payload) : payload
  return concat(u16(ends.srcPort ?? 5060), u16(ends.dstPort ?? 5080), u16(8 + bytes.length), [0, 0], bytes)
}

export interface TcpParts extends Ends {
  readonly sequence: number
  readonly flags?: 'syn' | 'fin' | 'rst'
  readonly payload?: Uint8Array | string
}

const FLAGS = { syn: 0x02, fin: 0x11, rst: 0x04 } as const

export function tcp({ sequence, flags, payload = '', ...ends }: TcpParts): Uint8Array {
  const bytes = typeof payload === 'string' ? encoder.encode(payload) : payload
  return concat(
    u16(ends.srcPort ?? 5060),
    u16(ends.dstPort ?? 5080),
    u32(sequence),
    u32(1),
    [0x60, flags === undefined ? 0x18 : FLAGS[flags], 0xff, 0xff, 0, 0, 0, 0],
    // One option word: maximum segment size 1460.
    [2, 4, 5, 0xb4],
    bytes,
  )
}

export interface Ipv4Parts extends Ends {
  readonly protocol?: number
  readonly id?: number
  /** Fragment offset in bytes. */
  readonly offset?: number
  readonly hasMore?: boolean
  readonly totalBytes?: number
  readonly options?: readonly number[]
}

export function ipv4(payload: Uint8Array, parts: Ipv4Parts = {}): Uint8Array {
  const options = parts.options ?? []
  const headerBytes = 20 + options.length
  return concat(
    [0x40 | (headerBytes / 4), 0],
    u16(parts.totalBytes ?? headerBytes + payload.length),
    u16(parts.id ?? 1),
    u16((parts.hasMore === true ? 0x2000 : 0) | ((parts.offset ?? 0) / 8)),
    [64, parts.protocol ?? 17, 0, 0],
    ipBytes(parts.src ?? '10.0.0.1'),
    ipBytes(parts.dst ?? '10.0.0.2'),
    options,
    payload,
  )
}

export function ipv6(payload: Uint8Array, nextHeader: number, ends: Ends = {}): Uint8Array {
  return concat(
    [0x60, 0, 0, 0],
    u16(payload.length),
    [nextHeader, 64],
    ipBytes(ends.src ?? '2001:db8::1'),
    ipBytes(ends.dst ?? '2001:db8::2'),
    payload,
  )
}

export function ipv6Fragment(nextHeader: number, id: number, offset: number, hasMore: boolean, part: Uint8Array) {
  return concat([nextHeader, 0], u16(offset | (hasMore ? 1 : 0)), u32(id), part)
}

const MACS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]

export function ethernet(etherTypes: readonly number[], packet: Uint8Array): Uint8Array {
  const tags = etherTypes.flatMap((type, i) => (i === 0 ? u16(type) : [...u16(i), ...u16(type)]))
  return concat(MACS, tags, packet)
}

export interface PcapOptions {
  readonly littleEndian?: boolean
  readonly nanoseconds?: boolean
  readonly linkType?: number
}

export interface TestRecord {
  readonly seconds?: number
  /** Micro- or nanoseconds, as the file has them. */
  readonly fraction?: number
  readonly frame: Uint8Array
  readonly wireBytes?: number
}

export function pcap(records: readonly TestRecord[], options: PcapOptions = {}): Uint8Array {
  const { littleEndian = true, nanoseconds = false, linkType = 101 } = options
  const word = (value: number) => (littleEndian ? u32(value).reverse() : u32(value))
  const half = (value: number) => (littleEndian ? u16(value).reverse() : u16(value))
  return concat(
    word(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4),
    half(2),
    half(4),
    word(0),
    word(0),
    word(262144),
    word(linkType),
    ...records.map(({ seconds = 1_700_000_000, fraction = 0, frame, wireBytes = frame.length }) =>
      concat(word(seconds), word(fraction), word(frame.length), word(wireBytes), frame),
    ),
  )
}

/** Writes pcapng blocks in one byte order. */
export class BlockFactory {
  readonly #littleEndian: boolean

  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian
  }

  word(value: number): number[] {
    return this.#littleEndian ? u32(value).reverse() : u32(value)
  }

  half(value: number): number[] {
    return this.#littleEndian ? u16(value).reverse() : u16(value)
  }

  block(type: number, body: Uint8Array | readonly number[]): Uint8Array {
    const padding = Array<number>((4 - (body.length % 4)) % 4).fill(0)
    const total = 12 + body.length + padding.length
    return concat(this.word(type), this.word(total), body, padding, this.word(total))
  }

  section(): Uint8Array {
    return this.block(0x0a0d0d0a, [
      ...this.word(0x1a2b3c4d),
      ...this.half(1),
      ...this.half(0),
      ...this.word(0xffffffff),
      ...this.word(0xffffffff),
    ])
  }

  interface(linkType: number, options: readonly number[] = [], snapBytes = 0): Uint8Array {
    return this.block(1, [...this.half(linkType), ...this.half(0), ...this.word(snapBytes), ...options])
  }

  option(code: number, value: readonly number[]): number[] {
    const padding = Array<number>((4 - (value.length % 4)) % 4).fill(0)
    return [...this.half(code), ...this.half(value.length), ...value, ...padding]
  }

  enhanced(interfaceId: number, ticks: bigint, frame: Uint8Array, wireBytes = frame.length): Uint8Array {
    return this.block(6, concat(this.word(interfaceId), this.#packet(ticks, frame, wireBytes)))
  }

  obsolete(interfaceId: number, ticks: bigint, frame: Uint8Array): Uint8Array {
    return this.block(2, concat(this.half(interfaceId), this.half(7), this.#packet(ticks, frame, frame.length)))
  }

  simple(frame: Uint8Array, wireBytes = frame.length): Uint8Array {
    return this.block(3, concat(this.word(wireBytes), frame))
  }

  #packet(ticks: bigint, frame: Uint8Array, wireBytes: number): Uint8Array {
    const high = Number(ticks >> 32n)
    const low = Number(ticks & 0xffffffffn)
    return concat(this.word(high), this.word(low), this.word(frame.length), this.word(wireBytes), frame)
  }
}
