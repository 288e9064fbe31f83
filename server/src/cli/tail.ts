import { once } from 'node:events'
import { WebSocket } from 'ws'
import { protocolTypeName } from '@hepscope/shared/hep/chunks.ts'
import { parseOptions, parseWhole, UsageError } from './arguments.ts'
import type { Command } from './command.ts'

const help = `hepscope tail [--url URL] [options]

Print the events of a live stream, one line each, until Ctrl-C.

  --url URL           ws:// or wss:// address (default ws://127.0.0.1:8083/stream);
                      for an app port ws://HOST:8081/api/v4/stream/hep with --token
  --token TOKEN       session or API token, sent as Authorization: Bearer
  --proto N           only this HEP protocol type; repeatable
  --method NAME       only SIP of this CSeq method; repeatable
  --only-requests     no SIP responses
  --history N         newest past events first
  --json              print the frames as they come
  --help              this text

Exit code 1 if the stream cannot be opened or breaks.
`

/** What `tail` reads of a frame. */
interface Frame {
  readonly ts: number
  readonly proto: number
  readonly src_ip?: string
  readonly src_port?: number
  readonly dst_ip?: string
  readonly dst_port?: number
  readonly sip?: {
    readonly method?: string
    readonly resp_code?: string
    readonly resp_text?: string
    readonly callid?: string
    readonly from_user?: string
    readonly to_user?: string
  }
}

/** Follows a live stream on the terminal. */
export const tailCommand: Command = {
  help,
  async run(args) {
    const { values } = parseOptions({
      args,
      options: {
        url: { type: 'string', default: 'ws://127.0.0.1:8083/stream' },
        token: { type: 'string' },
        proto: { type: 'string', multiple: true, default: [] },
        method: { type: 'string', multiple: true, default: [] },
        'only-requests': { type: 'boolean' },
        history: { type: 'string', default: '0' },
        json: { type: 'boolean' },
      },
    })
    const url = URL.parse(values.url)
    if (url === null || !/^wss?:$/.test(url.protocol))
      throw new UsageError(`--url ${values.url} is not a ws:// or wss:// URL`)
    for (const proto of values.proto) url.searchParams.append('proto', String(parseWhole('--proto', proto, 0, 255)))
    for (const method of values.method) url.searchParams.append('method', method)
    if (values['only-requests'] === true) url.searchParams.set('only_requests', '1')
    url.searchParams.set('history', String(parseWhole('--history', values.history, 0, 1_000_000)))
    return follow(url, values.token, values.json === true)
  },
}

async function follow(url: URL, token: string | undefined, asJson: boolean): Promise<number> {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  const socket = new WebSocket(url, { headers, perMessageDeflate: false })
  socket.on('message', (data: Buffer) => {
    const text = data.toString()
    process.stdout.write(asJson ? `${text}\n` : `${lineOf(JSON.parse(text) as Frame)}\n`)
  })
  const interrupt = new AbortController()
  process.once('SIGINT', () => {
    interrupt.abort()
    socket.close()
  })
  let fault: string | undefined
  socket.on('error', (error) => (fault = error.message))
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
  if (interrupt.signal.aborted) return 0
  process.stderr.write(
    `hepscope: stream ${url.origin}${url.pathname} ended: ${fault ?? `${code} ${reason.toString()}`}\n`,
  )
  return 1
}

function lineOf(frame: Frame): string {
  const time = new Date(frame.ts).toISOString().slice(11, 23)
  const route = `${endpoint(frame.src_ip, frame.src_port)} -> ${endpoint(frame.dst_ip, frame.dst_port)}`
  const { sip } = frame
  if (sip === undefined) return `${time}  ${route}  ${protocolTypeName(frame.proto)}`
  const what = sip.resp_code === undefined ? sip.method : `${sip.resp_code} ${sip.resp_text ?? ''} (${sip.method})`
  return `${time}  ${route}  ${what}  ${sip.from_user ?? ''} -> ${sip.to_user ?? ''}  ${sip.callid ?? ''}`
}

function endpoint(ip = '?', port = 0): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}
