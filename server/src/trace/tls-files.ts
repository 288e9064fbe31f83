import { readFileSync } from 'node:fs'
import type { TraceConfig } from './config.ts'
import type { TlsOptions } from './destination-options.ts'
import { SenderError, systemReason } from './hep-sender.ts'

/**
 * Read the files of `trace.tls`. Paths are relative to the working directory.
 *
 * @throws SenderError if a file cannot be read
 */
export function readTlsFiles(tls: TraceConfig['tls']): TlsOptions {
  const { ca, cert, key, server_name: serverName } = tls
  return {
    minVersion: tls.min_version,
    verifyCert: Boolean(tls.verify_cert),
    ...(ca !== '' && { ca: readPem('ca', ca) }),
    ...(cert !== '' && { cert: readPem('cert', cert) }),
    ...(key !== '' && { key: readPem('key', key) }),
    ...(serverName !== '' && { serverName }),
  }
}

function readPem(member: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new SenderError('ERR_TARGET_INVALID', `trace.tls.${member}: ${path}: ${systemReason(error)}`, error)
  }
}
