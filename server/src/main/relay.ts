import { parseListenerUri } from '../config/address.ts'
import { ConfigError } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { inflateBounded } from '../ingest/inflate.ts'
import type { Logger } from '../log.ts'
import { readTrace } from '../trace/config.ts'
import { findOwnListener } from '../trace/own-listener.ts'
import { Relay } from '../trace/relay.ts'
import { SenderError } from '../trace/sender.ts'
import { readTlsFiles } from '../trace/tls-files.ts'

/**
 * The relay that the configuration asks for; undefined without rules.
 *
 * @throws ConfigError if a rule sends to one of our own listeners, or a certificate cannot be used
 */
export function openRelay({ node, ingest, trace }: Config, log: Logger): Relay | undefined {
  const { relay, options, warnings } = readTrace(trace)
  for (const warning of warnings) log.warn(warning)
  if (relay.length === 0) return undefined
  const listeners = ingest.listeners.flatMap(({ uri }) => parseListenerUri(uri) ?? [])
  const circles = relay.flatMap(({ to }, i) => {
    const own = findOwnListener(to, listeners)
    return own === undefined ? [] : [`trace.relay.${i}.to: [${to.name}] is this server itself, on port ${own.port}`]
  })
  if (circles.length > 0) throw new ConfigError('configuration', circles)
  try {
    const tls = readTlsFiles(trace.tls)
    const onStatus = (status: object, { name }: { readonly name: string }): void => {
      log.info({ destination: name, ...status }, 'relay destination')
    }
    return new Relay({ relay, options }, { node: node.name, inflate: inflateBounded, tls, onStatus })
  } catch (error) {
    if (!(error instanceof SenderError)) throw error
    throw new ConfigError('configuration', [`trace.tls: ${error.message}`])
  }
}
