import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  membersOf,
  objectOf,
  parseJsonObject,
  present,
  textOf,
} from './json.ts'
import { type Bencoded, type BencodedDictionary, parseBencode } from './bencode.ts'

/** A message of rtpengine's control protocol (NG), which rtpengine mirrors as HEP protocol type 61. */
export interface NgView {
  readonly kind: 'ng'
  /** The same in a command and its answer. */
  readonly cookie: string
  /** e.g. `offer`, `answer`, `delete`, `ping`; absent in an answer. */
  readonly command?: string
  /** e.g. `ok`, `pong`, `error`; absent in a command. */
  readonly result?: string
  readonly errorReason?: string
  readonly callId?: string
  readonly fromTag?: string
  readonly toTag?: string
  readonly sdp?: string
  /** All of it, for display. */
  readonly body: JsonObject
}

/** A JSON-RPC message of Verto, which HEP's table gives type 61. */
export interface VertoView {
  readonly kind: 'verto'
  /** e.g. `verto.invite`; absent in an answer. */
  readonly method?: string
  readonly id?: string
  readonly callId?: string
  readonly sdp?: string
  readonly errorMessage?: string
  readonly body: JsonObject
}

const MAX_COOKIE_BYTES = 256
const SPACE = 0x20
const OPEN_BRACE = 0x7b
const DICTIONARY = 0x64

/**
 * Read a payload of HEP protocol type 61, which two senders use: JSON alone is Verto, a cookie and a space before
 * bencode or JSON is rtpengine.
 *
 * @returns undefined if it is neither
 */
export function viewType61(bytes: Uint8Array): NgView | VertoView | undefined {
  const object = parseJsonObject(bytes)
  return object === undefined ? viewNg(bytes) : viewVerto(object)
}

function viewNg(bytes: Uint8Array): NgView | undefined {
  const space = bytes.subarray(0, MAX_COOKIE_BYTES).indexOf(SPACE)
  const first = bytes[space + 1]
  if (space <= 0 || (first !== DICTIONARY && first !== OPEN_BRACE)) return undefined
  const rest = bytes.subarray(space + 1)
  const body = first === OPEN_BRACE ? parseJsonObject(rest) : toJson(parseBencode(rest))
  if (!isJsonObject(body)) return undefined
  const members = membersOf(body)
  return present<NgView>({
    kind: 'ng',
    cookie: new TextDecoder().decode(bytes.subarray(0, space)),
    command: textOf(members, 'command'),
    result: textOf(members, 'result'),
    errorReason: textOf(members, 'error-reason'),
    callId: textOf(members, 'call-id'),
    fromTag: textOf(members, 'from-tag'),
    toTag: textOf(members, 'to-tag'),
    sdp: textOf(members, 'sdp'),
    body,
  })
}

function viewVerto(body: JsonObject): VertoView {
  const members = membersOf(body)
  const inner = objectOf(members, 'params') ?? objectOf(members, 'result')
  const dialog = inner === undefined ? undefined : objectOf(inner, 'dialogparams')
  const error = objectOf(members, 'error')
  return present<VertoView>({
    kind: 'verto',
    method: textOf(members, 'method'),
    id: textOf(members, 'id'),
    callId: (dialog && textOf(dialog, 'callid')) ?? (inner && textOf(inner, 'callid')),
    sdp: inner && textOf(inner, 'sdp'),
    errorMessage: error && textOf(error, 'message'),
    body,
  })
}

/** Bencode is nested at most 16 deep. */
function toJson(value: Bencoded | undefined): JsonValue | undefined {
  if (value === undefined || typeof value === 'string' || typeof value === 'number') return value
  if (Array.isArray(value)) return (value as readonly Bencoded[]).map((item) => toJson(item) ?? null)
  const entries = Array.from(value as BencodedDictionary, ([name, item]) => [name, toJson(item) ?? null] as const)
  return Object.fromEntries(entries)
}
