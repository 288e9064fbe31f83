import { once } from 'node:events'
import { WebSocket } from 'ws'
import { readBlock, type EventBlock } from '@hepscope/shared/event/block.ts'
import type { Stage } from '../process/stage.ts'

/** The members of a JSON frame that tests look at. */
export interface StreamFrame {
  readonly ts: number
  readonly proto: number
  readonly src_ip?: string
  readonly src_port?: number
  readonly dst_ip?: string
  readonly dst_port?: number
  readonly node_id?: number
  readonly payload?: string
  readonly sip?: {
    readonly method?: string
    readonly resp_code?: string
    readonly callid?: string
    readonly cseq?: string
  }
}

async function open(stage: Stage, url: string, onMessage: (data: Buffer) => void): Promise<WebSocket> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { maxPayload: 0 })
  stage.atEnd(() => socket.terminate())
  // The end of the server is part of some tests; 'close' follows.
  socket.on('error', () => undefined)
  // Before it is open: history comes at once.
  socket.on('message', onMessage)
  await once(socket, 'open')
  return socket
}

/** Watch a stream; the frames are added as they come. */
export async function watchFrames(stage: Stage, url: string): Promise<readonly StreamFrame[]> {
  const frames: StreamFrame[] = []
  await open(stage, url, (data) => frames.push(JSON.parse(data.toString('utf8')) as StreamFrame))
  return frames
}

/** Watch a stream with `format=block`. */
export async function watchBlocks(stage: Stage, url: string, onBlock: (block: EventBlock) => void): Promise<WebSocket> {
  return open(stage, url, (data) => {
    // A copy, as columns of a block have to be aligned.
    const result = readBlock(new Uint8Array(data))
    if (!result.ok) throw new Error(`not a block: ${result.reason}`)
    onBlock(result.block)
  })
}
