import { tokenOfEnvironment } from '../config/token.ts'
import { UsageError } from './arguments.ts'

/** Options of every command that asks a running server. */
export const SERVER_OPTIONS = {
  url: { type: 'string', default: 'http://127.0.0.1:8081' },
  token: { type: 'string' },
} as const

export const SERVER_HELP = `  --url URL           address of the server's app port (default http://127.0.0.1:8081)
  --token TOKEN       API token or token of a session (default: HEPSCOPE_TOKEN);
                      "hepscope token add NAME" makes one`

/** What the server, or the way to it, has against a request; `message` is for people. */
export class ServerError extends Error {
  override readonly name = 'ServerError'
}

export interface Server {
  readonly url: URL
  readonly token: string | undefined
}

/** @throws UsageError if the URL is none of HTTP */
export function serverOf(values: { readonly url: string; readonly token?: string | undefined }): Server {
  const url = URL.parse(values.url)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`--url ${values.url} is not an http:// or https:// URL`)
  }
  return { url, token: values.token ?? tokenOfEnvironment() }
}

/**
 * POST to the API.
 *
 * @returns the answer, which is a success; its body is not read yet
 * @throws ServerError if there is no answer, or another
 */
export async function post(
  server: Server,
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const { url, token } = server
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const address = new URL(path, url)
  const response = await fetch(address, { method: 'POST', body, headers: { ...authorization, ...headers } }).catch(
    (error: unknown) => {
      throw new ServerError(`no answer from ${address.origin}: ${reasonOf(error)}`, { cause: error })
    },
  )
  if (response.ok) return response
  const hint = response.status === 401 && token === undefined ? '; give --token or set HEPSCOPE_TOKEN' : ''
  throw new ServerError(`${address.origin} answered ${response.status}: ${await detailOf(response)}${hint}`)
}

/** Run what asks a server; what that has against it goes to standard error. @returns the exit code */
export async function reportingErrors(run: () => Promise<void>): Promise<number> {
  try {
    await run()
    return 0
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    process.stderr.write(`hepscope: ${error.message}\n`)
    return 1
  }
}

async function detailOf(response: Response): Promise<string> {
  const text = await response.text()
  try {
    return detailIn(JSON.parse(text)) ?? response.statusText
  } catch {
    return response.statusText
  }
}

/** What an error envelope says, the fields that are wrong included. */
export function detailIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined
  const { detail, errors = [] } = body.error as {
    readonly detail?: string
    readonly errors?: readonly { readonly field: string; readonly message: string }[]
  }
  return [detail, ...errors.map(({ field, message }) => `${field}: ${message}`)].join('; ')
}

/** fetch hides why behind "fetch failed". */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  if (cause instanceof Error) return cause.message || ('code' in cause ? String(cause.code) : cause.name)
  return error instanceof Error ? error.message : String(error)
}
