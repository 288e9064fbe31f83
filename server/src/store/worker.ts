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
  const sendStats = (): void => port.postMessage({ kind: 'stats', stats: engine.stats() })
  const timer = setInterval(sendStats, STATS_INTERVAL_MS)

  port.on('message', (message) => {
    switch (message.kind) {
      case 'append':
        engine.append(new EventBlock(message.bytes))
        port.postMessage({ kind: 'taken', bytes: message.bytes.length })
        break
      case 'search':
        void engine.search(message.body).then((answer) => sendAnswer(port, message.id, answer))
        break
      case 'messages':
        void engine.messages(message.body).then((answer) => sendAnswer(port, message.id, answer))
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
  // Only memory of its own can be transferred; a small Buffer is a part of Node's pool.
  const { buffer, byteLength } = answer.json
  const json =
    buffer instanceof ArrayBuffer && byteLength === buffer.byteLength
      ? new Uint8Array(buffer)
      : Uint8Array.from(answer.json)
  const wire: WireAnswer = { ok: true, json }
  port.postMessage({ kind: 'answer', id, answer: wire }, [json.buffer])
}
