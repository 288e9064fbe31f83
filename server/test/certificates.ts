import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { isIP } from 'node:net'

/** A certificate and its key, as PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

const DAY_MS = 86_400_000
const OID = {
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
  commonName: [0x55, 0x04, 0x03],
  subjectAltName: [0x55, 0x1d, 0x11],
  basicConstraints: [0x55, 0x1d, 0x13],
}
const TAG = { boolean: 1, integer: 2, bits: 3, octets: 4, oid: 6, text: 12, time: 23, sequence: 48, set: 49 }

/**
 * A certificate authority for one test run, so that no key lies in the repository.
 *
 * @see RFC 5280
 */
export class TestAuthority {
  readonly #name: string
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  readonly cert: string
  #serial = 1

  constructor(name = 'hepscope test authority') {
    this.#name = name
    this.cert = this.#certificate(name, this.#keys.publicKey, [
      extension(OID.basicConstraints, sequence(der(TAG.boolean, [0xff]))),
    ])
  }

  /** A certificate for host names and addresses. */
  issue(name: string, hosts: readonly string[]): Certificate {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const cert = this.#certificate(name, publicKey, [
      extension(OID.subjectAltName, sequence(...hosts.map(generalName))),
    ])
    return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string }
  }

  #certificate(subject: string, publicKey: KeyObject, extensions: Buffer[]): string {
    const algorithm = sequence(der(TAG.oid, OID.ecdsaWithSha256))
    const body = sequence(
      der(0xa0, der(TAG.integer, [2])),
      der(TAG.integer, [this.#serial++]),
      algorithm,
      distinguishedName(this.#name),
      sequence(time(Date.now() - DAY_MS), time(Date.now() + DAY_MS)),
      distinguishedName(subject),
      publicKey.export({ type: 'spki', format: 'der' }),
      der(0xa3, sequence(...extensions)),
    )
    const signature = sign('sha256', body, this.#keys.privateKey)
    const whole = sequence(body, algorithm, der(TAG.bits, [0, ...signature])).toString('base64')
    return `-----BEGIN CERTIFICATE-----\n${whole.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
  }
}

function der(tag: number, content: Uint8Array | readonly number[]): Buffer {
  const { length } = content
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.from([tag, ...head, ...content])
}

function sequence(...parts: Buffer[]): Buffer {
  return der(TAG.sequence, Buffer.concat(parts))
}

function extension(oid: readonly number[], value: Buffer): Buffer {
  return sequence(der(TAG.oid, oid), der(TAG.octets, value))
}

function distinguishedName(text: string): Buffer {
  const name = sequence(der(TAG.oid, OID.commonName), der(TAG.text, Buffer.from(text)))
  return sequence(der(TAG.set, name))
}

function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14)
  return der(TAG.time, Buffer.from(`${digits}Z`))
}

/** Choices 2 and 7 of a subject's other names: a host name, an IPv4 address. */
function generalName(host: string): Buffer {
  return isIP(host) === 4 ? der(0x87, host.split('.').map(Number)) : der(0x82, Buffer.from(host))
}
