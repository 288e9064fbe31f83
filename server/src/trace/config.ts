import type { RowPredicate } from '@hepscope/shared/filter/row-predicate.ts'
import { compileExpression } from '@hepscope/shared/filter/match.ts'
import { parseExpression } from '@hepscope/shared/filter/expression.ts'
import { z } from 'zod'
import type { HepClientOptions } from './hep-client.ts'
import { type HepDestination, parseHepId } from './hep-id.ts'

/** 0 or 1 as OpenSIPS writes it, or false or true. */
const flag = (initial: 0 | 1) => z.union([z.literal(0), z.literal(1), z.boolean()], 'must be 0 or 1').default(initial)
const ms = z.int().min(0)
const positiveMs = z.int().min(1)

const hepId = z.string().superRefine((text, context) => {
  const parsed = parseHepId(text)
  if (!parsed.ok) context.addIssue({ code: 'custom', message: `${parsed.message} (at character ${parsed.at + 1})` })
})

const filter = z.string().superRefine((text, context) => {
  const parsed = parseExpression(text)
  if (!parsed.ok) context.addIssue({ code: 'custom', message: `${parsed.message} (at character ${parsed.at + 1})` })
})

const relayRule = z.strictObject({
  /** Name of a destination. */
  to: z.string(),
  /** Packets that go there, e.g. `method:INVITE and not ip:10.0.9.0/24`; absent: all. */
  filter: filter.optional(),
  /** Absent: the version of the destination. A packet of that version goes as it came. */
  version: z
    .union([z.literal('unchanged'), z.literal(1), z.literal(2), z.literal(3)], 'must be unchanged, 1, 2 or 3')
    .optional(),
})

/**
 * The `trace` section: where this server sends HEP to. Parameters of proto_hep keep their names and defaults;
 * what the time limits do here is told in `destination-options.ts`.
 */
export const traceSchema = z
  .strictObject({
    /** Destinations by OpenSIPS' grammar: `[name] host[:port]; transport=udp|tcp|tls; version=1|2|3`. */
    destinations: z.array(hepId).default([]),
    relay: z.array(relayRule).default([]),
    /** Capture agent id of what this server itself traces; a relay keeps that of the packet. */
    hep_capture_id: z.int().min(0).max(0xffff_ffff).default(1),
    homer5_on: flag(1),
    homer5_delim: z.string().default(':'),
    compressed_payload: flag(0),
    hep_async: flag(1),
    hep_async_max_postponed_chunks: z.int().min(0).default(32),
    hep_async_local_connect_timeout: ms.default(100),
    hep_async_local_write_timeout: ms.default(10),
    hep_send_timeout: positiveMs.default(100),
    tls: z
      .strictObject({
        /** Files of PEM; empty: the system's authorities, no certificate of our own. */
        ca: z.string().default(''),
        cert: z.string().default(''),
        key: z.string().default(''),
        /** Empty: the host of the destination. */
        server_name: z.string().default(''),
        min_version: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2'),
        verify_cert: flag(1),
      })
      .refine(({ cert, key }) => (cert === '') === (key === ''), 'cert and key belong together')
      .prefault({}),
  })
  .superRefine(({ destinations, relay, hep_capture_id: agentId }, context) => {
    const byName = new Map<string, HepDestination>()
    for (const [i, text] of destinations.entries()) {
      const parsed = parseHepId(text)
      if (!parsed.ok) continue
      const { destination } = parsed
      const report = (message: string): void => {
        context.addIssue({ code: 'custom', path: ['destinations', i], message: `[${destination.name}]: ${message}` })
      }
      if (byName.has(destination.name)) report('this name is defined already')
      if (destination.version === 2 && agentId > 0xffff) report(`hep_capture_id ${agentId} does not fit HEP version 2`)
      byName.set(destination.name, destination)
    }
    for (const [i, { to, version }] of relay.entries()) {
      const destination = byName.get(to)
      if (destination === undefined) {
        const message = `no destination "${to}"; there are ${[...byName.keys()].join(', ') || 'none'}`
        context.addIssue({ code: 'custom', path: ['relay', i, 'to'], message })
      } else if ((version === 1 || version === 2) && destination.transport !== 'udp') {
        const message = `HEP version ${version} goes over UDP alone; [${to}] is on ${destination.transport}`
        context.addIssue({ code: 'custom', path: ['relay', i, 'version'], message })
      }
    }
  })

export type TraceConfig = z.infer<typeof traceSchema>

/** One line of `trace.relay`, read. */
export interface RelayRule {
  readonly to: HepDestination
  readonly version: 'unchanged' | 1 | 2 | 3
  /** Absent: every packet goes. */
  readonly accepts?: RowPredicate
}

/** The `trace` section with its texts read. */
export interface TraceSettings {
  readonly destinations: readonly HepDestination[]
  readonly relay: readonly RelayRule[]
  /** One line each, e.g. that version 2 was changed to UDP. */
  readonly warnings: readonly string[]
  /** All but `tls`, whose files are yet to be read: `readTlsFiles`. */
  readonly options: HepClientOptions
}

/** @param config has passed `traceSchema`, so nothing in it can be wrong any more */
export function readTrace(config: TraceConfig): TraceSettings {
  const destinations: HepDestination[] = []
  const warnings: string[] = []
  for (const text of config.destinations) {
    const parsed = parseHepId(text)
    if (!parsed.ok) continue
    destinations.push(parsed.destination)
    if (parsed.warning !== undefined) warnings.push(parsed.warning)
  }
  const relay = config.relay.flatMap(({ to: name, version, filter: text }): RelayRule[] => {
    const to = destinations.find((destination) => destination.name === name)
    if (to === undefined) return []
    const parsed = text === undefined ? undefined : parseExpression(text)
    return [
      { to, version: version ?? to.version, ...(parsed?.ok && { accepts: compileExpression(parsed.expression) }) },
    ]
  })
  const options: HepClientOptions = {
    captureId: config.hep_capture_id,
    homer5: Boolean(config.homer5_on),
    homer5Delimiter: config.homer5_delim,
    compressPayload: Boolean(config.compressed_payload),
    async: Boolean(config.hep_async),
    maxPostponedFrames: config.hep_async_max_postponed_chunks,
    localConnectTimeoutMs: config.hep_async_local_connect_timeout,
    localWriteTimeoutMs: config.hep_async_local_write_timeout,
    sendTimeoutMs: config.hep_send_timeout,
  }
  return { destinations, relay, warnings, options }
}
