import { CallbackError, loadCallbacks } from './callbacks.ts'
import { BlockOutlet } from './block-outlet.ts'
import { IngestCounters } from './counters.ts'
import { duplicateSockets } from './duplicate.ts'
import type { HepListener } from './hep-listener.ts'
import type { IngestLog } from './ingest-log.ts'
import { Ingest } from './ingest.ts'
import { ListenError, openListener } from './listener.ts'
import type { FromThread, StartFault, ThreadData, ToThread } from './protocol.ts'
import { ReadPause } from './read-pause.ts'
import { RejectLog } from './reject-log.ts'

/** The thread's end of the channel: a `MessagePort`, or a stand-in of tests. */
export interface ThreadPort {
  postMessage(message: FromThread, transfer?: readonly ArrayBuffer[]): void
  on(event: 'message', listener: (message: ToThread) => void): unknown
}

/** Open listeners and send blocks of what they receive to the main thread, until it asks to close. */
export async function serveIngest(port: ThreadPort, data: ThreadData): Promise<void> {
  const log = logTo(port)
  const rejectLog = new RejectLog(log)
  const counters = new IngestCounters(data.counters)
  const outlet = new BlockOutlet((message, transfer) => port.postMessage(message, transfer), data.waiting)
  const listeners: HepListener[] = []
  let ingest: Ingest
  try {
    const callbacks = await loadCallbacks(data.callbacks, log, counters)
    ingest = new Ingest({
      source: data.source,
      blockIntervalMs: data.blockIntervalMs,
      scan: data.scan,
      counters,
      onBlock: (block) => outlet.send(block),
      onReject: (rejection) => rejectLog.add(rejection),
      ...(callbacks !== undefined && { callbacks }),
      ...(data.wantsPackets && { onPacket: (packet: Uint8Array) => outlet.keep(packet) }),
    })
    await openAll(ingest, data, listeners)
  } catch (error) {
    port.postMessage({ kind: 'failed', cause: faultOf(error), message: messageOf(error) })
    return
  }
  port.on('message', () => void close(port, listeners, ingest))
  port.postMessage({
    kind: 'ready',
    listeners: listeners.map((listener) => ({ port: listener.port, descriptor: listener.descriptor })),
  })
}

async function openAll(ingest: Ingest, data: ThreadData, listeners: HepListener[]): Promise<void> {
  const shared = data.listeners.flatMap(({ options: { uri }, descriptor }) =>
    descriptor === undefined ? [] : [{ uri, descriptor }],
  )
  const handles = await duplicateSockets(shared, data.courier)
  const pause = new ReadPause()
  for (const { options, shares, descriptor } of data.listeners) {
    const handle = descriptor === undefined ? undefined : handles.shift()
    const place = { thread: data.thread, shares, pause, ...(handle !== undefined && { handle }) }
    const listener = await openListener(ingest, options, place)
    listeners.push(listener)
    const { port } = options.uri
    // The descriptor's number may have been given to something else in the meantime.
    if (handle !== undefined && listener.port !== port) throw new Error(`got another socket than that of port ${port}`)
  }
}

async function close(port: ThreadPort, listeners: readonly HepListener[], ingest: Ingest): Promise<void> {
  await Promise.all(listeners.map((listener) => listener.close()))
  ingest.flush()
  port.postMessage({ kind: 'closed' })
}

function logTo(port: ThreadPort): IngestLog {
  return {
    warn(fields, message) {
      try {
        port.postMessage({ kind: 'log', fields, message })
      } catch {
        // What a callback throws need not be something that crosses threads.
        port.postMessage({ kind: 'log', fields: { text: JSON.stringify(fields) }, message })
      }
    },
  }
}

function faultOf(error: unknown): StartFault {
  if (error instanceof ListenError) return 'listener'
  return error instanceof CallbackError ? 'callback' : 'other'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
