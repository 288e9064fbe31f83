/** What a request to the server came to. `unreachable` is everything that is no answer of the API. */
export type Answer =
  | { readonly kind: 'ok'; readonly status: number; readonly data: unknown }
  | { readonly kind: 'refused'; readonly status: number; readonly detail: string; readonly retryAfterSeconds?: number }
  | { readonly kind: 'unreachable' }

/** Longest wait for an answer. */
const TIMEOUT_MS = 20_000

/** Ask the API. Never throws; the session cookie goes along by itself. */
export async function request(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Answer> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  try {
    const response = await fetch(path, {
      method,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const json = await readJson(response)
    if (response.ok) return { kind: 'ok', status: response.status, data: memberOf(json, 'data') }
    // A proxy in between answers so when the server itself is gone.
    if (json === undefined && response.status >= 502) return { kind: 'unreachable' }
    return refusal(response, json)
  } catch {
    return { kind: 'unreachable' }
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** A member of what may be an object. */
export function memberOf(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined
}

/** A member that is text; `''` if it is none. */
export function textOf(value: unknown, name: string): string {
  const member = memberOf(value, name)
  return typeof member === 'string' ? member : ''
}

/** A member that is a finite number or reads as one; 0 if it is none. */
export function numberOf(value: unknown, name: string): number {
  const number = Number(memberOf(value, name) ?? 0)
  return Number.isFinite(number) ? number : 0
}

/** A member that is a list; empty if it is none. */
export function listOf(value: unknown, name: string): readonly unknown[] {
  const member = memberOf(value, name)
  return Array.isArray(member) ? member : []
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch {
    return undefined
  }
}

function refusal(response: Response, json: unknown): Answer {
  const error = memberOf(json, 'error')
  const detail = textOf(error, 'detail') || `${response.status} ${response.statusText}`
  const retryAfter = Number(response.headers.get('retry-after'))
  return {
    kind: 'refused',
    status: response.status,
    detail,
    ...(retryAfter > 0 && { retryAfterSeconds: retryAfter }),
  }
}
