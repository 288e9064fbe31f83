import { z } from 'zod'
import { parseNetwork } from '@hepscope/shared/net/network.ts'
import { traceSchema } from '../trace/config.ts'
import { parseHostPort, parseListenerUri } from './address.ts'
import { lakeSchema } from './lake.ts'
import { oidcSchema } from './login.ts'
import { nodeSchema, remoteNodeFaults, remoteNodesSchema } from './nodes.ts'

const count = z.int().min(0)
const positive = z.int().min(1)
const hostPort = z
  .string()
  .refine((text) => parseHostPort(text) !== undefined, 'must be host:port, e.g. 127.0.0.1:8081')
const listenerUri = z
  .string()
  .refine(
    (text) => parseListenerUri(text) !== undefined,
    'must be hep_udp:host[:port], or hep_tcp:, hep_tls:, hep_http:',
  )
const network = z
  .string()
  .refine((text) => parseNetwork(text) !== undefined, 'must be an address or a network, e.g. 10.0.0.0/8')

/** One socket that receives HEP: its address alone, or with what it demands of senders. */
const listener = z
  .union([
    listenerUri.transform((uri) => ({ uri })),
    z.strictObject({
      uri: listenerUri,
      /** What HEP chunk 0x000e must hold. */
      auth_key: z.string().min(1).optional(),
      /** Who may send; none named: everybody. */
      networks: z.array(network).optional(),
      /** Packets a second of one sender. */
      packets_per_sec: positive.max(1_000_000).optional(),
      /** PEM files of a hep_tls listener. */
      cert: z.string().optional(),
      key: z.string().optional(),
      /** Given, a client needs a certificate of this authority. */
      client_ca: z.string().optional(),
      min_version: z.enum(['TLSv1.2', 'TLSv1.3']).optional(),
    }),
  ])
  .refine(
    (entry) => !entry.uri.startsWith('hep_tls') || ('cert' in entry && 'key' in entry),
    'hep_tls needs cert and key',
  )

const sections = z.strictObject({
  data_dir: z.string().min(1).default('./data'),
  /** Password of the first admin; empty: a random one is made and printed once. */
  admin_password: z.string().default(''),
  log: z.strictObject({ level: z.enum(['error', 'warn', 'info', 'debug']).default('info') }).prefault({}),
  ingest: z
    .strictObject({
      listeners: z.array(listener).prefault(['hep_udp:0.0.0.0:9060', 'hep_tcp:0.0.0.0:9060']),
      /** ES modules that export `onHep`; the last one runs first. */
      callbacks: z.array(z.string()).default([]),
      /** Threads that receive and decode, and share the sockets; 0: the main thread does it. */
      workers: count.max(64).default(0),
      /** How long a packet may wait for its block to fill, ms. */
      block_interval_ms: positive.max(1000).default(5),
      udp: z.strictObject({ socket_recv_buffer: positive.default(8_388_608) }).prefault({}),
      tcp: z
        .strictObject({
          max_connections: positive.default(1024),
          /** How long a packet that has begun may stay incomplete. */
          message_timeout_ms: positive.default(10_000),
          /** Reads that one packet may take, as in proto_hep; 0: any number. */
          hep_max_msg_chunks: count.default(0),
          /** After a bad header search for the next packet instead of closing the connection. */
          scan: z.boolean().default(false),
        })
        .prefault({}),
      /** What is demanded of a packet beyond the lengths that must add up. */
      decode: z
        .strictObject({
          /** Refuse bytes behind a packet and chunks of a wrong size, which are otherwise taken with a warning. */
          strict: z.boolean().default(false),
          /** Refuse HEPv3 by its other names, EEP3 and EEP1. */
          strict_magic: z.boolean().default(false),
          /** Mend or replace times that lie far from now. */
          sanitize_time: z.boolean().default(false),
        })
        .prefault({}),
      hep_stream: z
        .strictObject({
          enable: z.boolean().default(false),
          buffer_size: positive.default(10_000),
          buffer_bytes: positive.default(64 * 1024 * 1024),
          max_subscribers: positive.default(32),
          per_sub_queue_len: positive.default(256),
          /** 0: no limit. */
          rate_per_sub_pps: count.default(500),
          /** SIP header fields whose values are made unreadable in streamed payloads, e.g. Authorization. */
          mask_headers: z.array(z.string().regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header field')).default([]),
        })
        .prefault({}),
    })
    .prefault({}),
  node: nodeSchema.prefault({}),
  coordinator: z
    .strictObject({
      listen: hostPort.default('0.0.0.0:8081'),
      nodes: remoteNodesSchema.default([]),
      /** How long a block waits for older ones of other nodes, ms; 0: not at all. */
      reorder_ms: count.max(10_000).default(50),
      /** How long a search waits for a node in all, ms. */
      search_timeout_ms: positive.max(60_000).default(10_000),
      hep_stream: z
        .strictObject({
          enable: z.boolean().default(false),
          allow_payload: z.boolean().default(false),
          /** How long the connection to a node may take to be made. */
          fan_out_timeout_ms: positive.max(60_000).default(2000),
          history_limit: count.default(200),
          /** Past events of a viewer that does not say how many; the original's code sends `history_limit`. */
          history_default: count.default(0),
        })
        .prefault({}),
      jwt: z
        .strictObject({
          /** Empty: a random one is made and kept in the data directory. */
          secret: z.string().default(''),
          expire_hours: positive.default(24),
          cookie_name: z.string().min(1).default('homer_session'),
          cookie_trusted_origins: z.array(z.string()).default([]),
        })
        .prefault({}),
      auth: z
        .strictObject({
          /** Only the OpenID provider and API tokens let somebody in. */
          disable_password_login: z.boolean().default(false),
        })
        .prefault({}),
      api_settings: z
        .strictObject({
          enable_token_access: z.boolean().default(true),
          auth_token_header: z
            .string()
            .regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header')
            .default('Auth-Token'),
        })
        .prefault({}),
      oidc: oidcSchema.prefault({}),
      /** Who gets the payloads of stored rows. */
      stored_payload: z.enum(['users', 'admins', 'nobody']).default('users'),
      /** Longest file that may be imported, as sent and inflated: it is held in memory. */
      import_max_bytes: positive.max(1024 * 1024 * 1024).default(64 * 1024 * 1024),
    })
    .prefault({}),
  trace: traceSchema.prefault({}),
  storage: z
    .strictObject({
      enable: z.boolean().default(true),
      memory_limit: z.string().default('512MB'),
      threads: positive.default(1),
      seal_interval_sec: positive.default(900),
      seal_rows: positive.default(250_000),
      /** Most bytes of the block log on disk; past it packets are dropped from storage only. */
      log_max_bytes: positive.default(4 * 1024 * 1024 * 1024),
      /** Bytes of the log that are kept after their sealing, for viewers who ask for the past; 0: none. */
      log_keep_bytes: count.default(256 * 1024 * 1024),
      /** The same as `retention.days`, which goes first. */
      retention_days: count.default(0),
      retention: z
        .strictObject({
          /** Age of the newest row at which a file is removed; 0: kept for ever. */
          days: count.default(0),
          /** Bytes of all sealed files, of which the oldest are removed; 0: no limit. */
          max_bytes: count.default(0),
          /** Other limits of single tables. */
          tables: z
            .record(
              z
                .string()
                .regex(
                  /^(?:hep_proto_\d{1,3}_(?:call|registration|default)|hepscope_calls)$/,
                  'must be the name of a table',
                ),
              z.strictObject({ days: count.optional(), max_bytes: count.optional() }),
            )
            .default({}),
        })
        .prefault({}),
      /** Where DuckDB's extensions for a lake are; empty: DuckDB fetches them. */
      extension_directory: z.string().default(''),
      lake: lakeSchema.prefault({}),
    })
    .prefault({}),
})

/**
 * Every key of `hepscope.yaml` with its type, bounds and default; `docs/config.md` explains them.
 * The keys of Homer's live stream keep their names and defaults.
 */
export const configSchema = sections.superRefine((config, context) => {
  for (const { path, message } of remoteNodeFaults(config)) context.addIssue({ code: 'custom', path, message })
})

export type Config = z.infer<typeof configSchema>
export type ListenerConfig = Config['ingest']['listeners'][number]
