import { gzipSync } from 'node:zlib'
import { PROTOCOL_TYPE } from '@hepscope/shared/hep/chunks.ts'
import { encodeCorrelate } from '@hepscope/shared/hep/correlate.ts'
import { type Correlation, extraCorrelationChunk, homer5CorrelationId } from '@hepscope/shared/hep/correlation.ts'
import { encodeHepAs, type Endpoint, ipProtocolOf, type TracedTransport } from '@hepscope/shared/hep/pack.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import { homer5Payload, homer6Payload, type PayloadPart } from '@hepscope/shared/hep/payload-parts.ts'
import { SipSummary, summarizeSip } from '@hepscope/shared/sip/summary.ts'
import type { DestinationCounters, DestinationStatus } from './carrier.ts'
import { Destination } from './destination.ts'
import type { DestinationOptions } from './destination-options.ts'
import { type HepDestination, parseHepId, type ParsedHepId } from './hep-id.ts'
import { SenderError } from './hep-sender.ts'

export type { Correlation } from '@hepscope/shared/hep/correlation.ts'
export { type Endpoint, packHep, type TracedTransport } from '@hepscope/shared/hep/pack.ts'
export type { PayloadPart } from '@hepscope/shared/hep/payload-parts.ts'
export type { DestinationCounters, DestinationStatus } from './carrier.ts'

export interface HepClientOptions extends DestinationOptions {
  /** `hep_capture_id`: 16 bits in HEPv2, 32 in HEPv3. Default 1. */
  readonly captureId?: number
  /** `homer5_on`: payloads and ids for HOMER 5, not HOMER 6. Default true. */
  readonly homer5?: boolean
  /** `homer5_delim`: joins the parts of a payload for HOMER 5. Default `:`. */
  readonly homer5Delimiter?: string
  /**
   * `compressed_payload`: send payloads as gzip in chunk 0x0010, HEPv3 only. Default false; Homer, heplify-server and
   * Kamailio do not read it.
   */
  readonly compressPayload?: boolean
  /** Write TLS as IP protocol 22 and WebSocket as 50, as OpenSIPS does, not as TCP. Default false. */
  readonly opensipsTransports?: boolean
}

/** What can be said of a traced message beside its bytes. */
export interface TraceOptions {
  /** Transport of the message. Default `udp`. */
  readonly transport?: TracedTransport
  /** Whole microseconds since 1970. Default now. */
  readonly tsUs?: number
  /** Chunk 0x0011, HEPv3 only. For SIP the default is its Call-ID. */
  readonly correlationId?: string
  /** Further ids of the same thing, e.g. of the connection it came over: chunk 0x0065, HOMER 6 only. */
  readonly correlations?: readonly Correlation[]
}

/**
 * Sends HEP to one receiver: the tracing side of OpenSIPS' proto_hep, for any Node program.
 *
 *     const homer = new HepClient('[homer] 10.0.0.9:9060; transport=tls', { captureId: 2001 })
 *     homer.sendSip(message, { ip: '10.0.0.1', port: 5060 }, { ip: '10.0.0.2', port: 5060 })
 *     homer.correlate('sip', callId, 'b2b', otherCallId)
 *     await homer.close()
 *
 * Sending never blocks and never fails because the receiver is away: what could not be sent is in `counters`.
 */
export class HepClient {
  readonly id: HepDestination
  /** What is odd in the `hep_id`, e.g. that version 2 was changed to UDP; undefined if nothing is. */
  readonly warning: string | undefined
  readonly #destination: Destination
  readonly #options: HepClientOptions
  readonly #summary = new SipSummary()

  /**
   * Connects in the background.
   *
   * @param hepId `[name] host[:port]; transport=udp|tcp|tls; version=1|2|3`, or one that was read already
   * @throws SenderError if `hepId` is malformed, or certificate, key or CA cannot be used
   */
  constructor(hepId: string | HepDestination, options: HepClientOptions = {}) {
    const parsed: ParsedHepId = typeof hepId === 'string' ? parseHepId(hepId) : { ok: true, destination: hepId }
    if (!parsed.ok) throw new SenderError('ERR_TARGET_INVALID', `${parsed.message} (at character ${parsed.at + 1})`)
    this.id = parsed.destination
    this.warning = parsed.warning
    this.#options = options
    this.#destination = new Destination(parsed.destination, options)
  }

  get status(): DestinationStatus {
    return this.#destination.status
  }

  get counters(): Readonly<DestinationCounters> {
    return this.#destination.counters
  }

  /** True once connected, false if that takes longer than `timeoutMs`. There is no need to wait for it. */
  connected(timeoutMs?: number): Promise<boolean> {
    return this.#destination.connected(timeoutMs)
  }

  /**
   * Send a SIP message, in the form that the options ask for. Its Call-ID becomes the correlation id.
   *
   * @param sip whole message; text is written as UTF-8
   * @returns false if it was dropped; `counters` tell why
   * @throws HepEncodeError if the version of the destination cannot hold it
   */
  sendSip(sip: string | Uint8Array, from: Endpoint, to: Endpoint, options: TraceOptions = {}): boolean {
    const bytes = typeof sip === 'string' ? new TextEncoder().encode(sip) : sip
    const correlationId = options.correlationId ?? this.#callIdOf(bytes)
    const more = correlationId === undefined ? options : { ...options, correlationId }
    return this.sendParts(PROTOCOL_TYPE.sip, [['payload', bytes]], from, to, more)
  }

  /**
   * Send anything that OpenSIPS traces as named parts: a log line is type 100 with the parts `Event` and `text`.
   * HOMER 5 gets their values joined by the delimiter, HOMER 6 a JSON object. Versions 1 and 2 carry SIP alone, as it is.
   *
   * @param protocolType HEP protocol type, 0 to 255
   * @returns false if it was dropped; `counters` tell why
   * @throws HepEncodeError if the version of the destination cannot hold it
   */
  sendParts(
    protocolType: number,
    parts: readonly PayloadPart[],
    from: Endpoint,
    to: Endpoint,
    { transport = 'udp', tsUs = Date.now() * 1000, correlationId, correlations = [] }: TraceOptions = {},
  ): boolean {
    const { homer5 = true, homer5Delimiter = ':', compressPayload = false } = this.#options
    const isHomer5 = homer5 || this.id.version !== 3
    const payload = isHomer5 ? homer5Payload(parts, homer5Delimiter) : homer6Payload(parts)
    const isCompressed = compressPayload && this.id.version === 3
    const id = isHomer5 ? homer5CorrelationId(correlations, correlationId) : correlationId
    return this.send({
      version: this.id.version,
      ipProtocol: ipProtocolOf(transport, this.#options.opensipsTransports),
      srcIp: from.ip,
      srcPort: from.port,
      dstIp: to.ip,
      dstPort: to.port,
      tsUs,
      protocolType,
      agentId: this.#options.captureId ?? 1,
      payload: isCompressed ? gzipSync(payload) : payload,
      ...(isCompressed && { payloadCompressed: true }),
      ...(id !== undefined && { correlationId: id }),
      ...(!isHomer5 && correlations.length > 0 && { chunks: [extraCorrelationChunk(correlations)] }),
    })
  }

  /**
   * Send a packet as it is given, in the version of the destination.
   *
   * @returns false if it was dropped; `counters` tell why
   * @throws HepEncodeError if that version cannot hold it; nothing is ever wrapped or cut
   */
  send(packet: HepPacket): boolean {
    return this.#destination.send(encodeHepAs(packet, this.id.version))
  }

  /**
   * Tell that two ids belong to one call, e.g. the Call-IDs on both sides of a back-to-back user agent.
   *
   * For HOMER 6 both are sent. For HOMER 5 OpenSIPS sends one id alone, the last whose type begins with `sip`, which
   * ties nothing together by itself.
   *
   * @param options `payload: 'empty-json'` for a receiver that is an OpenSIPS
   * @returns false if it was dropped; `counters` tell why
   * @throws HepEncodeError if both types are the same or the ids are too long
   * @throws SenderError if the destination is not of version 3, or for HOMER 5 no type begins with `sip`
   */
  correlate(
    type1: string,
    id1: string,
    type2: string,
    id2: string,
    options: { readonly tsUs?: number; readonly payload?: 'none' | 'empty-json' } = {},
  ): boolean {
    const { captureId = 1, homer5 = true } = this.#options
    const { tsUs = Date.now() * 1000, payload = 'none' } = options
    if (this.id.version !== 3) {
      throw new SenderError('ERR_NOT_SUPPORTED', `[${this.id.name}]: correlate needs HEP version 3`)
    }
    const first = { type: type1, id: id1 }
    const second = { type: type2, id: id2 }
    const mode = homer5 ? 'homer5' : 'homer6'
    const frame = encodeCorrelate(first, second, { agentId: captureId, tsUs, mode, payload })
    if (homer5 && homer5CorrelationId([first, second]) === undefined) {
      const message = `[${this.id.name}]: for HOMER 5 one type must begin with "sip", or nothing would be sent`
      throw new SenderError('ERR_NOT_SUPPORTED', message)
    }
    return this.#destination.send(frame)
  }

  /** Resolves when nothing waits any more. A program that sends without a pause awaits it now and then. */
  drained(): Promise<void> {
    return this.#destination.drained()
  }

  /** Sends what waits, bounded by `closeTimeoutMs`, and frees the socket. Idempotent, never rejects. */
  close(): Promise<void> {
    return this.#destination.close()
  }

  #callIdOf(sip: Uint8Array): string | undefined {
    const summary = this.#summary
    if (!summarizeSip(sip, 0, sip.length, summary) || summary.callIdAt < 0) return undefined
    return new TextDecoder().decode(sip.subarray(summary.callIdAt, summary.callIdEnd))
  }
}
