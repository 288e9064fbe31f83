import { parseJsonObject, payloadText } from './json.ts'
import { readStringMembers } from './string-members.ts'

/** A named part of what OpenSIPS traces in HOMER6 mode, in its order. */
export type Part = readonly [name: string, value: string]

const MAX_PARTS = 64
const utf8 = new TextEncoder()

/**
 * Read OpenSIPS' payload in HOMER6 mode: a JSON object of named texts.
 *
 * @returns undefined if it is no JSON object; a value that is no text is given as JSON
 */
export function parseParts(bytes: Uint8Array): Part[] | undefined {
  const members = readStringMembers(bytes)
  if (members !== undefined) return members.map(([name, value]) => [name, payloadText(value)])
  const object = parseJsonObject(bytes)
  if (object === undefined) return undefined
  return Object.entries(object)
    .slice(0, MAX_PARTS)
    .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])
}

/**
 * Take the SIP message out of the JSON that OpenSIPS in HOMER6 mode puts it into: `{"payload": "INVITE …"}`.
 *
 * @param bytes payload of HEP protocol type 1
 * @returns the message byte for byte as it was before, or `bytes` itself if it is not wrapped
 */
export function unwrapSip(bytes: Uint8Array): Uint8Array {
  const members = readStringMembers(bytes)
  if (members !== undefined) return members.find(([name]) => name === 'payload')?.[1] ?? bytes
  const payload = parseJsonObject(bytes)?.payload
  return typeof payload === 'string' ? utf8.encode(payload) : bytes
}
