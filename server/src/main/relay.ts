import { ConfigError } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { inflateBounded } from '../ingest/inflate.ts'
import type { Logger } from '../log.ts'
import { readTrace } from '../trace/config.ts'
import { Relay } from '../trace/relay.ts'
import { SenderError } from '../trace/sender.ts'
import { readTlsFiles } from '../trace/tls-files.ts'

/**
 * The relay that the configuration asks for; undefined without rules.
 *
 * @throws ConfigError if a certificate cannot be used
 */
export function openRelay({ node, trace }: Config, log: Logger): Relay | undefined {
  const { relay, options, warnings } = readTrace(trace)
  for (const warning of warnings) log.warn(warning)
  if (relay.length === 0) return undefined
  try {
    const tls = readTlsFiles(trace.tls)
    return new Relay({ relay, options }, { node: node.name, inflate: inflateBounded, tls })
  } catch (error) {
    if (!(error instanceof SenderError)) throw error
    throw new ConfigError('configuration', [`trace.tls: ${error.message}`])
  }
}
