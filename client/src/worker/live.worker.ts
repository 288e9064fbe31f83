import { type HepStream, openHepStream } from '../sdk/index.ts'
import { answerExport } from './export-answer.ts'
import { FramePump } from './frame-pump.ts'
import { DEFAULT_LIMITS, LiveSession, type OlderSource } from './live-session.ts'
import type { Command, Connection, Notice } from './protocol.ts'

const frames = new FramePump(() => session.frame(Date.now()), send)
let session = new LiveSession()
let stream: HepStream | undefined

function send(notice: Notice): void {
  self.postMessage(notice)
}

function sendConnection(connection: Connection): void {
  send({ type: 'connection', connection })
}

/** Calls that are fetched from the store at a time, and in all. */
const OLDER: OlderSource = { fromMs: 0, pageSize: 200, limit: 20_000, onChange: () => frames.schedule() }

function connect(url: string, history: number, includePayload: boolean): void {
  stream?.close()
  sendConnection({ state: 'connecting', sinceMs: Date.now() })
  stream = openHepStream(
    { history, includePayload },
    {
      onOpen: () => {
        session.noteOpen(Date.now())
        sendConnection({ state: 'live', sinceMs: Date.now() })
      },
      onClose: () => {
        if (stream?.state() === 'closed') sendConnection({ state: 'ended', sinceMs: Date.now() })
      },
      onError: (error) => {
        if (error instanceof Error) send({ type: 'fault', message: error.message })
      },
    },
    {
      url,
      format: 'block',
      onBlock: (block) => {
        session.receive(block, Date.now())
        frames.schedule()
      },
      onRetry: (delayMs) => {
        const nowMs = Date.now()
        sendConnection({ state: 'waiting', sinceMs: nowMs, retryAtMs: nowMs + delayMs })
      },
    },
  )
}

function receive(command: Command): void {
  switch (command.type) {
    case 'connect':
      if (command.hasStore) session = new LiveSession(DEFAULT_LIMITS, { older: OLDER })
      connect(command.url, command.history, command.includePayload)
      break
    case 'disconnect':
      stream?.close()
      sendConnection({ state: 'closed', sinceMs: Date.now() })
      break
    case 'retry':
      stream?.retryNow()
      break
    case 'export':
      void answerExport(command, session.eventsOf(command.callIds), send)
      break
    case 'drawn':
      frames.drawn()
      break
    default:
      session.handle(command)
  }
  frames.schedule()
}

self.onmessage = (event: MessageEvent<Command>) => receive(event.data)
