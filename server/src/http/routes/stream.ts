import { z } from 'zod'
import type { AppMiddleware } from '../context.ts'
import { errorBody } from '../error.ts'
import { RouteTable } from '../route-table.ts'

const flag = z.string().describe('`1`, `true` or `yes`')
const many = z.string()

/** Query string of a stream; `docs/frames.md` says more of each. */
const streamQuery = z.object({
  proto: many.describe('HEP protocol types; repeatable'),
  method: many.describe('Methods of CSeq, so that responses match too; repeatable'),
  only_requests: flag.describe('No SIP responses'),
  include_payload: flag.describe("With payloads, if the server allows it and the credential is an admin's"),
  history: z.string().describe('Number of past events to begin with'),
  since: z.string().describe('`EPOCH:SEQ` of the last event that was seen'),
  format: z.enum(['json', 'block']).describe('`block`: binary messages of whole EventBlocks'),
  control: flag.describe('Control frames among the events'),
  strict: flag.describe('Answer 400 to a filter that is wrong instead of ignoring it'),
  callid: many.describe('Call-IDs'),
  user: many.describe('Users of From or To'),
  ip: many.describe('Addresses or networks'),
  code: many.describe('Status codes, e.g. `486` or `4xx`'),
  node: many.describe('Names of nodes'),
  agent: many.describe('Ids of capture agents'),
  q: z.string().describe('Filter expression'),
})

export interface StreamRoute {
  readonly path: string
  readonly isOn: boolean
  /** Body of the 503 where it is off. */
  readonly offBody: string | object
  /** What lets users in; undefined where the stream is for everybody who reaches the port. */
  readonly login?: AppMiddleware
}

/** What a plain GET of a stream's address gets: the live stream needs a WebSocket. */
export function streamRoutes({ path, isOn, offBody, login }: StreamRoute): RouteTable {
  const table = new RouteTable(login)
  const query = login === undefined ? streamQuery : streamQuery.extend({ access_token: z.string() })
  table.add(
    'get',
    path,
    {
      summary: 'The live stream, as a WebSocket',
      access: login === undefined ? 'everybody' : 'users',
      query,
      replies: { 101: { description: 'The stream: one JSON event a text message, or blocks' } },
      errors: [400, 426, 503],
    },
    (ctx) => {
      ctx.status = isOn ? 426 : 503
      if (isOn) ctx.set('Upgrade', 'websocket')
      ctx.body = isOn ? errorBody(426, `Open ${path} as a WebSocket`) : offBody
    },
  )
  return table
}
