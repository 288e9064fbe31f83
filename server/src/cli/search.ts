import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { protocolTypeName } from '@hepscope/shared/hep/chunks.ts'
import { detailIn, post, reportingErrors, SERVER_HELP, SERVER_OPTIONS, ServerError, serverOf } from './api-client.ts'
import { parseOptions, parseWhole, UsageError } from './arguments.ts'
import { callLineOf, type CallLineRow } from './call-line.ts'
import type { Command } from './command.ts'
import { parseTime } from './time-option.ts'

const help = `hepscope search [EXPRESSION] [options]

Print stored messages or calls of a running server, newest first, one line each as they are found.

EXPRESSION is that of the live view, e.g. 'method:INVITE and not ip:10.0.9.0/24',
'user:alice code:4xx', 'callid=abc@host'. Fields: method code from to user callid ip src
dst port proto agent node ua. Without one, every SIP message of a call is found.
With --calls also is, state and kind: 'is:failed from:alice', 'kind:registration'.

  --from WHEN         not older: a time such as 2026-11-22T08:00, or an age such as 90m
  --to WHEN           not newer
  --limit N           at most so many, 1 to 50000 (default 50)
  --calls             calls, registrations and other dialogs instead of messages
  --json              rows as the server has them, a line of JSON each
${SERVER_HELP}
  --help              this text

What could not be searched, or that there is more, is said on standard error. Exit code 1
if the server cannot be asked or refuses.
`

/** What is read of a row; see `docs/storage.md`. */
interface Row {
  readonly timestamp: string
  readonly proto_type: number
  readonly src_ip: string
  readonly src_port: number
  readonly dst_ip: string
  readonly dst_port: number
  readonly method?: string | null
  readonly response_code?: string | null
  readonly reason?: string | null
  readonly cseq_method?: string | null
  readonly caller?: string | null
  readonly callee?: string | null
  readonly session_id?: string | null
}

interface End {
  readonly meta?: {
    readonly has_more: boolean
    readonly incomplete?: { readonly reason: string; readonly pending_bytes: number }
    readonly nodes?: readonly { readonly name: string; readonly state: string; readonly reason?: string }[]
  }
}

/** Asks a running server for stored messages or calls. */
export const searchCommand: Command = {
  help,
  async run(args) {
    const { values, positionals } = parseOptions({
      args,
      allowPositionals: true,
      options: {
        ...SERVER_OPTIONS,
        from: { type: 'string' },
        to: { type: 'string' },
        limit: { type: 'string', default: '50' },
        calls: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    })
    if (positionals.length > 1) throw new UsageError('the expression is one argument: put it in quotes')
    const server = serverOf(values)
    const nowMs = Date.now()
    const timestamp = {
      ...(values.from !== undefined && { from: parseTime('--from', values.from, nowMs) }),
      ...(values.to !== undefined && { to: parseTime('--to', values.to, nowMs) }),
    }
    const limit = parseWhole('--limit', values.limit, 1, 50_000)
    const body = JSON.stringify({ q: positionals[0] ?? '', timestamp, param: { limit }, with_payload: values.json })
    return reportingErrors(async () => {
      const response = await post(server, `/api/v4/transactions/${values.calls ? 'calls' : 'search'}`, body, {
        'content-type': 'application/json',
        accept: 'application/x-ndjson',
      })
      if (response.body !== null) await print(response.body, values.json ? 'json' : values.calls ? 'calls' : 'messages')
    })
  },
}

/** How a row becomes a line. */
const LINES = {
  json: (line: string) => line,
  messages: (line: string) => lineOf(JSON.parse(line) as Row),
  calls: (line: string) => callLineOf(JSON.parse(line) as CallLineRow),
} as const

async function print(body: ReadableStream, format: keyof typeof LINES): Promise<void> {
  let end: End | undefined
  for await (const line of createInterface({ input: Readable.fromWeb(body), crlfDelay: Infinity })) {
    const row = JSON.parse(line) as Row | End
    if ('error' in row) throw new ServerError(detailIn(row) ?? 'the search failed')
    if ('meta' in row) end = row
    else process.stdout.write(`${LINES[format](line)}\n`)
  }
  if (end?.meta === undefined) throw new ServerError('the answer was cut off')
  const { has_more, incomplete, nodes = [] } = end.meta
  for (const { name, state, reason } of nodes) {
    if (state !== 'ok') process.stderr.write(`hepscope: rows of node ${name} are missing (${state}): ${reason ?? ''}\n`)
  }
  if (has_more) process.stderr.write('hepscope: there are more; --limit says how many to print\n')
  if (incomplete !== undefined) {
    process.stderr.write(`hepscope: not everything could be searched yet: ${incomplete.pending_bytes} bytes are left\n`)
  }
}

function lineOf(row: Row): string {
  const route = `${endpoint(row.src_ip, row.src_port)} -> ${endpoint(row.dst_ip, row.dst_port)}`
  const time = row.timestamp.replace('T', ' ').replace('Z', '')
  if (row.proto_type !== 1) return `${time}  ${route}  ${protocolTypeName(row.proto_type)}  ${row.session_id ?? ''}`
  const answer = `${row.response_code} ${row.reason ?? ''} (${row.cseq_method})`
  const what = (row.response_code ?? '') === '' ? (row.method ?? '') : answer
  return `${time}  ${route}  ${what}  ${row.caller ?? ''} -> ${row.callee ?? ''}  ${row.session_id ?? ''}`
}

function endpoint(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}
