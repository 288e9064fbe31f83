import { EventBlock } from '@hepscope/shared/event/block.ts'
import type { StoreAnswer } from './answer.ts'
import { openEngine, type StoreEngine } from './engine.ts'
import type { FromWorker, ToWorker, WireAnswer, WorkerData } from './protocol.ts'

const STATS_INTERVAL_MS = 250

/** The worker's end of the channel: a `MessagePort`, or a stand-in of tests. */
export interface WorkerPort {
  postMessage(message: FromWorker, transfer?: readonly ArrayBuffer[]): void
  on(event: 'message', listener: (message: ToWorker) => void): unknown
  close(): void
}

/** Open an engine and do what the main thread asks, until it asks to close. */
export async function serveStore(port: WorkerPort, { options }: WorkerData): Promise<void> {
  let engine: StoreEngine
  try {
    engine = await openEngine(options, { onFault: (fault) => port.postMessage({ kind: 'fault', fault }) })
  } catch (error) {
    port.postMessage({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
    port.close()
    return
  }
  process.once('exit', () => engine.release())
  const sendStats = (): void => port.postMessage({ kind: 'stats', stats: engine.stats() })
  const timer = setInterval(sendStats, STATS_INTERVAL_MS)

  /** Searches by their id. */
  const running = new Map<number, AbortController>()
  port.on('message', (message) => {
    switch (message.kind) {
      case 'append':
        engine.append(new EventBlock(message.bytes))
        port.postMessage({ kind: 'taken', bytes: message.bytes.length })
        break
      case 'search':
      case 'messages':
      case 'calls':
      case 'query': {
        const { kind, id, body, asRows } = message
        const cancel = new AbortController()
        running.set(id, cancel)
        const onRows = (page: Buffer): void => {
          const lines = transferable(page)
          port.postMessage({ kind: 'rows', id, lines }, [lines.buffer])
        }
        void engine[kind](body, { signal: cancel.signal, ...(asRows && { onRows }) }).then((answer) => {
          running.delete(id)
          sendAnswer(port, id, answer)
        })
        break
      }
      case 'cancel':
        running.get(message.id)?.abort()
        break
      case 'log':
        void engine.readLog(message.direction, message.from).then((found) => {
          const blocks = found.map(({ bytes }) => transferable(bytes))
          const buffers = blocks.map(({ buffer }) => buffer)
          port.postMessage({ kind: 'log', id: message.id, blocks }, buffers)
        })
        break
      case 'flush':
        void engine.flush().then(() => {
          sendStats()
          port.postMessage({ kind: 'done', id: message.id })
        })
        break
      case 'close':
        clearInterval(timer)
        void engine.close().then(() => {
          sendStats()
          port.postMessage({ kind: 'done', id: message.id })
          port.close()
        })
        break
    }
  })
  sendStats()
  port.postMessage({ kind: 'ready' })
}

function sendAnswer(port: WorkerPort, id: number, answer: StoreAnswer): void {
  if (!answer.ok) {
    port.postMessage({ kind: 'answer', id, answer })
    return
  }
  const json = transferable(answer.json)
  const wire: WireAnswer = { ok: true, json }
  port.postMessage({ kind: 'answer', id, answer: wire }, [json.buffer])
}

/** Only memory of its own can be transferred; a small Buffer is a part of Node's pool. */
function transferable(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes
  const isOwn = buffer instanceof ArrayBuffer && byteLength === buffer.byteLength
  return isOwn ? new Uint8Array(buffer) : new Uint8Array(bytes)
}
