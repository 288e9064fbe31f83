/** The columns of a stored row that tests look at. */
export interface StoredRow {
  readonly session_id: string
  readonly method: string
  /** Empty for a request. */
  readonly response_code: string
  readonly cseq: number
  readonly cseq_method: string
  readonly src_ip: string
  readonly src_port: number
  readonly dst_ip: string
  readonly dst_port: number
  readonly node: string
  readonly epoch: number
  readonly seq: number
  readonly ts_us: number
  /** Number of the IP protocol inside the HEP. */
  readonly protocol: number
  readonly hep_version: number
  /** Id of the capture agent, as text. */
  readonly node_id: string
  /** Correlation id of the HEP packet. */
  readonly cid: string
  readonly payload: string
  /** Base64, where `payload` is not the exact bytes. */
  readonly payload_raw: string | null
  /** HEP protocol type. */
  readonly proto_type: number
}

export interface SearchRequest {
  readonly filter: Readonly<Record<string, unknown>>
  readonly param: { readonly limit: number }
  /** Milliseconds since 1970. */
  readonly timestamp?: { readonly from: number; readonly to: number }
}

export interface ApiResponse {
  readonly status: number
  /** The parsed body; undefined if there was none. */
  readonly body: unknown
}

/** The HTTP API, as a logged-in user. */
export class Api {
  readonly url: string
  readonly token: string

  constructor(url: string, token: string) {
    this.url = url
    this.token = token
  }

  /** @throws Error if the server does not let this user in */
  static async login(url: string, username: string, password: string): Promise<Api> {
    const { status, body } = await postJson(url, '/api/v4/auth/sessions', { username, password })
    const token = readMember(readMember(body, 'data'), 'token')
    if (status !== 201 || typeof token !== 'string')
      throw new Error(`login answered ${status}: ${JSON.stringify(body)}`)
    return new Api(url, token)
  }

  /** Data of an answer to GET. */
  async get(path: string): Promise<unknown> {
    const response = await fetch(new URL(path, this.url), { headers: { authorization: `Bearer ${this.token}` } })
    if (!response.ok) throw new Error(`${path} answered ${response.status}`)
    return readMember(await response.json(), 'data')
  }

  post(path: string, body: unknown): Promise<ApiResponse> {
    return postJson(this.url, path, body, this.token)
  }

  /** SIP of some Call-IDs, oldest first. */
  messages(callIds: readonly string[]): Promise<readonly StoredRow[]> {
    return this.#rows('/api/v4/transactions/messages', { session_ids: callIds })
  }

  /** All that belongs to some Call-IDs, as the ladder asks for it: RTCP and log lines too. */
  related(callIds: readonly string[]): Promise<readonly StoredRow[]> {
    return this.#rows('/api/v4/transactions/messages', { session_ids: callIds, with_related: true })
  }

  /** Rows that match, newest first. */
  search(request: SearchRequest): Promise<readonly StoredRow[]> {
    return this.#rows('/api/v4/transactions/search', request)
  }

  async #rows(path: string, request: unknown): Promise<readonly StoredRow[]> {
    const { status, body } = await this.post(path, request)
    const items = readMember(readMember(body, 'data'), 'items')
    if (status !== 200 || !Array.isArray(items)) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`)
    return items as readonly StoredRow[]
  }
}

/** Post JSON; for what is tested before anybody is logged in. */
export async function postJson(url: string, path: string, body: unknown, token?: string): Promise<ApiResponse> {
  const response = await fetch(new URL(path, url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) }
}

/** A member of what may be an object. */
export function readMember(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}
