import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import { HepEncodeError, type HepEncodeFault } from '@hepscope/shared/hep/encode-error.ts'
import { encodeHepAs } from '@hepscope/shared/hep/pack.ts'
import type { HepFault, HepPacket } from '@hepscope/shared/hep/packet.ts'
import { isHep3Magic } from '@hepscope/shared/hep/scan.ts'

/** Why a packet cannot go on: it is none, or the asked version cannot represent it. */
export type RefusalCause = HepFault | HepEncodeFault

export type PacketForm =
  | { readonly ok: true; readonly bytes: Uint8Array; readonly isReduced: boolean }
  | { readonly ok: false; readonly cause: RefusalCause }

/** Members of a packet that HEPv2 has a place for. HEPv1 has none for time and agent id, which no packet of it misses. */
const LEGACY_MEMBERS: ReadonlySet<string> = new Set([
  'version',
  'ipProtocol',
  'srcIp',
  'dstIp',
  'srcPort',
  'dstPort',
  'tsUs',
  'protocolType',
  'agentId',
  'payload',
] satisfies (keyof HepPacket)[])

/** One received packet in the versions that are asked for; each is made once. */
export class PacketForms {
  readonly #bytes: Uint8Array
  readonly #nowUs: number
  readonly #version: 1 | 2 | 3
  readonly #made = new Map<1 | 2 | 3, PacketForm>()

  /** @param nowUs time for a packet that has none */
  constructor(bytes: Uint8Array, nowUs: number) {
    this.#bytes = bytes
    this.#nowUs = nowUs
    this.#version = isHep3Magic(bytes, 0) ? 3 : bytes[0] === 1 ? 1 : 2
  }

  /**
   * The packet in a version. Where it has that version already, and for `unchanged`, it is the very bytes that came.
   * The payload is the same in all of them, but for the NULs that OpenSIPS sends behind one of version 1 or 2.
   */
  as(version: 'unchanged' | 1 | 2 | 3): PacketForm {
    if (version === 'unchanged' || version === this.#version) return { ok: true, bytes: this.#bytes, isReduced: false }
    const made = this.#made.get(version) ?? this.#make(version)
    this.#made.set(version, made)
    return made
  }

  #make(version: 1 | 2 | 3): PacketForm {
    const decoded = decodeHep(this.#bytes, this.#nowUs)
    if (!decoded.ok) return { ok: false, cause: decoded.reason }
    const packet = { ...decoded.packet, tsUs: decoded.packet.tsUs ?? this.#nowUs }
    try {
      const bytes = encodeHepAs(packet, version)
      return {
        ok: true,
        bytes,
        isReduced: version !== 3 && Object.keys(packet).some((key) => !LEGACY_MEMBERS.has(key)),
      }
    } catch (error) {
      if (error instanceof HepEncodeError) return { ok: false, cause: error.code }
      throw error
    }
  }
}
