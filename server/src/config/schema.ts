import { hostname } from 'node:os'
import { z } from 'zod'
import { parseHostPort, parseListenerUri } from './address.ts'

const count = z.int().min(0)
const positive = z.int().min(1)
const hostPort = z
  .string()
  .refine((text) => parseHostPort(text) !== undefined, 'must be host:port, e.g. 127.0.0.1:8081')
const listener = z
  .string()
  .refine((text) => parseListenerUri(text) !== undefined, 'must be hep_udp:host[:port] or hep_tcp:host[:port]')

/**
 * Every key of `hepscope.yaml` with its type, bounds and default; `docs/config.md` explains them.
 * The keys of Homer's live stream keep their names and defaults.
 */
export const configSchema = z.strictObject({
  data_dir: z.string().min(1).default('./data'),
  /** Password of the first admin; empty: a random one is made and printed once. */
  admin_password: z.string().default(''),
  log: z.strictObject({ level: z.enum(['error', 'warn', 'info', 'debug']).default('info') }).prefault({}),
  ingest: z
    .strictObject({
      listeners: z.array(listener).default(['hep_udp:0.0.0.0:9060', 'hep_tcp:0.0.0.0:9060']),
      /** How long a packet may wait for its block to fill, ms. */
      block_interval_ms: positive.max(1000).default(5),
      udp: z.strictObject({ socket_recv_buffer: positive.default(8_388_608) }).prefault({}),
      tcp: z
        .strictObject({
          max_connections: positive.default(1024),
          /** How long a packet that has begun may stay incomplete. */
          message_timeout_ms: positive.default(10_000),
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
        })
        .prefault({}),
    })
    .prefault({}),
  node: z
    .strictObject({ name: z.string().min(1).max(255).default(hostname()), listen: hostPort.default('127.0.0.1:8083') })
    .prefault({}),
  coordinator: z
    .strictObject({
      listen: hostPort.default('0.0.0.0:8081'),
      hep_stream: z
        .strictObject({
          enable: z.boolean().default(false),
          allow_payload: z.boolean().default(false),
          history_limit: count.default(200),
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
    })
    .prefault({}),
  storage: z
    .strictObject({
      enable: z.boolean().default(true),
      memory_limit: z.string().default('1GB'),
      threads: positive.default(1),
      seal_interval_sec: positive.default(300),
      seal_rows: positive.default(500_000),
      /** Most bytes of the block log on disk; past it packets are dropped from storage only. */
      log_max_bytes: positive.default(4 * 1024 * 1024 * 1024),
      /** 0: kept for ever. */
      retention_days: count.default(0),
    })
    .prefault({}),
})

export type Config = z.infer<typeof configSchema>
