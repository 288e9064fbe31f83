import { z } from 'zod'
import type { AppMiddleware } from '../context.ts'
import { answer, envelope } from '../envelope.ts'
import { RouteTable } from '../route-table.ts'

const counts = z.record(z.string(), z.number())
const address = { transport: z.string(), host: z.string(), port: z.int() }

const listener = z.object({
  ...address,
  connections: z.int().describe('Open now'),
  kernelDrops: z.int().optional().describe('Packets that the kernel dropped; absent where it does not tell'),
})

const agent = z.object({
  node: z.string(),
  agentId: z.int().describe('HEP chunk 0x000c'),
  name: z.string().describe('HEP chunk 0x0013; empty if it sent none'),
  events: z.int(),
  eventsPerSec: z.number().describe('Mean over ten seconds'),
  firstMs: z.number().describe('Milliseconds since 1970, as all times here'),
  lastMs: z.number(),
  clockOffsetMs: z.number().describe('Clock of the node minus time of capture, at least; below 0: agent ahead'),
})

const node = z.object({
  node: z.string(),
  isLocal: z.boolean(),
  state: z.enum(['connecting', 'connected', 'down']),
  events: z.int(),
  lagMs: z.number().optional().describe('How much later than at best its events come'),
  reconnects: z.int(),
  badFrames: z.int(),
  gaps: z.record(z.string(), z.int()).describe('Events that the node could not give, by cause'),
  lastError: z.string().optional(),
})

const capture = z.object({
  timeMs: z.number().describe('Clock of this server'),
  listeners: z.array(listener),
  received: counts.describe('Packets by transport'),
  rejected: z.record(z.string(), z.object({ count: z.int(), meaning: z.string() })).describe('Packets by reason'),
  warned: counts.describe('Packets that became events although something about them was odd'),
  lastPacketMs: z.number().describe('0: none yet'),
  agents: z.array(agent),
  nodes: z.array(node).describe('This server first'),
  streams: z.array(
    z.object({ path: z.string(), subscribers: z.int(), sent: z.int(), droppedQueue: z.int(), droppedRate: z.int() }),
  ),
  store: z
    .looseObject({ state: z.enum(['ok', 'degraded', 'down']) })
    .optional()
    .describe('Absent: storage is off'),
})

/** State of everything between the wire and the screen. */
export type CaptureStatus = z.infer<typeof capture>

const check = z.object({
  ...address,
  ok: z.boolean(),
  ms: z.number().optional().describe('From the socket to the stream'),
  reason: z.string().optional().describe('Why it did not arrive'),
})

/** What became of a test packet of one listener. */
export type CaptureCheck = z.infer<typeof check>

/** `GET /api/v4/capture` for users, `POST /api/v4/capture/check` for admins. */
export function captureRoutes(
  login: AppMiddleware,
  read: () => CaptureStatus,
  runCheck: () => Promise<readonly CaptureCheck[]>,
): RouteTable {
  const table = new RouteTable(login)
  table.add(
    'get',
    '/api/v4/capture',
    {
      summary: 'Health of the capture: listeners, agents, nodes, streams, storage',
      access: 'users',
      replies: { 200: { description: 'State at this moment', schema: envelope(capture) } },
    },
    (ctx) => answer(ctx, 200, read()),
  )
  table.add(
    'post',
    '/api/v4/capture/check',
    {
      summary: 'Send a test packet to each listener and see whether it becomes an event',
      access: 'admins',
      replies: { 200: { description: 'What became of each', schema: envelope(z.array(check)) } },
    },
    async (ctx) => answer(ctx, 200, await runCheck()),
  )
  return table
}
