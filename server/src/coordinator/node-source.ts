import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { faultText } from './fault-text.ts'
import { type Question, type RowSource, SourceError } from './question.ts'

/** As much of a refusal's body as is read. */
const MAX_REFUSAL_CHARS = 4096
const NDJSON = 'application/x-ndjson'

export interface NodeSourceOptions {
  readonly name: string
  /** `ws:` or `wss:` URL of the node's stream; its store is asked beside it. */
  readonly url: URL
  readonly token?: string
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string
  /** For the connection to be made. */
  readonly connectTimeoutMs: number
  /** For its answer: time in which we wait for it. */
  readonly timeoutMs: number
  /** Ask only for what is not in a lake, because this server reads the lake itself. */
  readonly withoutLake: boolean
}

/** A node as one of the places that are asked. */
export function nodeSource(options: NodeSourceOptions): RowSource {
  const { name, timeoutMs } = options
  return {
    name,
    isLocal: false,
    isAskedLast: false,
    timeoutMs,
    ask(question, signal) {
      let response: IncomingMessage | undefined
      const header = (of: string): string | undefined => {
        const value = response?.headers[of]
        return typeof value === 'string' ? decodeURIComponent(value) : undefined
      }
      const pieces = async function* (): AsyncGenerator<Uint8Array> {
        response = await post(options, question, signal)
        const { statusCode } = response
        if (statusCode !== 200) throw new SourceError(await refusalOf(response), { hasNoStore: statusCode === 404 })
        const type = response.headers['content-type'] ?? 'nothing'
        if (!type.startsWith(NDJSON)) throw new SourceError(`it answered with ${type}: no node of hepscope`)
        try {
          yield* response as AsyncIterable<Uint8Array>
        } catch (error) {
          throw new SourceError(`its answer was cut off: ${faultText(error)}`, { cause: error })
        }
      }
      return {
        pieces: pieces(),
        ownName: () => header('x-hepscope-node'),
        withheld: () => (wantsPayload(question.body) ? header('x-hepscope-payload-withheld') : undefined),
      }
    },
  }
}

/** Address of a kind of question at a node, from that of its stream. */
export function storeUrl(stream: URL, kind: string): URL {
  const url = new URL(`store/${kind}`, stream)
  url.protocol = stream.protocol === 'wss:' ? 'https:' : 'http:'
  return url
}

function post(options: NodeSourceOptions, { kind, body }: Question, signal: AbortSignal): Promise<IncomingMessage> {
  const { name, url: stream, token, ca, connectTimeoutMs, withoutLake } = options
  const url = storeUrl(stream, kind)
  url.searchParams.set('as', name)
  const bytes = Buffer.from(
    JSON.stringify({ ...(body as object | undefined), ...(withoutLake && { without_lake: true }) }),
  )
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    const request: ClientRequest = send(url, {
      method: 'POST',
      signal,
      // A connection of its own: one that was kept may have been closed by a node that has started anew.
      agent: false,
      headers: {
        'content-type': 'application/json',
        'content-length': bytes.length,
        accept: NDJSON,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(ca !== undefined && { ca }),
    })
    const timer = setTimeout(() => {
      request.destroy(new SourceError(`no connection within ${connectTimeoutMs} ms`))
    }, connectTimeoutMs)
    request.once('socket', (socket) => {
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => clearTimeout(timer))
    })
    request.once('close', () => clearTimeout(timer))
    request.on('error', (error) => reject(new SourceError(faultText(error), { cause: error })))
    request.once('response', resolve)
    request.end(bytes)
  })
}

function wantsPayload(body: unknown): boolean {
  return (body as { readonly with_payload?: unknown } | undefined)?.with_payload !== false
}

/** What the node says against the question. */
async function refusalOf(response: IncomingMessage): Promise<string> {
  const { statusCode, statusMessage } = response
  let text = ''
  response.setEncoding('utf8')
  for await (const piece of response as AsyncIterable<string>) {
    text += piece
    if (text.length > MAX_REFUSAL_CHARS) break
  }
  const detail = detailOf(text)
  if (statusCode === 404 && detail === '') return '404: a node without stored rows, e.g. one of Homer'
  return `${statusCode} ${statusMessage}${detail}`
}

/** Of an error envelope; `''` if it is none. */
function detailOf(text: string): string {
  try {
    const { error } = JSON.parse(text) as { readonly error?: { readonly detail?: unknown } }
    return typeof error?.detail === 'string' ? `: ${error.detail}` : ''
  } catch {
    return ''
  }
}
