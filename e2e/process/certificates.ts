import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TestAuthority } from '../../server/test/certificates.ts'
import type { Stage } from './stage.ts'

/** PEM files of one party, and of the authority that all of a test trust. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
  readonly ca: string
}

/** Make an authority and a certificate of it for each name, valid on 127.0.0.1. */
export function issueCertificates<Name extends string>(
  stage: Stage,
  names: readonly Name[],
): Readonly<Record<Name, CertificateFiles>> {
  const directory = stage.directory()
  const write = (name: string, pem: string): string => {
    const path = join(directory, `${name}.pem`)
    writeFileSync(path, pem)
    return path
  }
  const authority = new TestAuthority()
  const ca = write('authority', authority.cert)
  const filesOf = (name: Name): [Name, CertificateFiles] => {
    const { cert, key } = authority.issue(name, ['127.0.0.1'])
    return [name, { cert: write(`${name}-cert`, cert), key: write(`${name}-key`, key), ca }]
  }
  return Object.fromEntries(names.map(filesOf)) as Record<Name, CertificateFiles>
}
