import { readFileSync } from 'node:fs'
import { createServer, type SecureVersion } from 'node:tls'
import type { HostPort } from '../config/address.ts'
import type { Gate } from './gate.ts'
import type { HepListener } from './hep-listener.ts'
import type { Ingest } from './ingest.ts'
import type { ListenerPlace } from './listener-place.ts'
import { openStreamListener, type TcpLimits } from './tcp.ts'

export interface TlsOptions {
  /** Paths of PEM files. */
  readonly cert: string
  readonly key: string
  /** Given, a client needs a certificate of this authority. */
  readonly clientCa?: string
  readonly minVersion: SecureVersion
}

/** @throws what reading the files, or `listen`, reports */
export async function openTlsListener(
  address: HostPort,
  ingest: Ingest,
  limits: TcpLimits,
  gate: Gate | undefined,
  place: ListenerPlace,
  { cert, key, clientCa, minVersion }: TlsOptions,
): Promise<HepListener> {
  const server = createServer({
    cert: readFileSync(cert),
    key: readFileSync(key),
    minVersion,
    handshakeTimeout: limits.messageTimeoutMs,
    ...(clientCa !== undefined && { ca: readFileSync(clientCa), requestCert: true, rejectUnauthorized: true }),
  })
  server.on('tlsClientError', (error, socket) => {
    const from = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`
    ingest.reject('tls-handshake', 'tls', from, Buffer.from(error.message), 0)
  })
  return openStreamListener(server, 'secureConnection', address, ingest, limits, place, { transport: 'tls', gate })
}
