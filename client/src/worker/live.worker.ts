import { type HepStream, openHepStream } from '../sdk/index.ts'
import { LiveSession } from './live-session.ts'
import type { Command, Connection, Notice } from './protocol.ts'

/** Frames follow each other no closer. */
const FRAME_MS = 16
/** A page that takes long to draw one is left so many times that long for everything else. */
const REST_FACTOR = 2
/** A page that draws nothing for longer, in the background, must not wait as long when it is back. */
const LONGEST_REST_MS = 200
/** Counters go on when nothing arrives. */
const IDLE_MS = 250

const session = new LiveSession()
let stream: HepStream | undefined
let timer: ReturnType<typeof setTimeout> | undefined
let timerMs = Infinity
let isDrawing = false
let lastFrameMs = 0
let drawMs = 0

function send(notice: Notice): void {
  self.postMessage(notice)
}

function sendConnection(connection: Connection): void {
  send({ type: 'connection', connection })
}

/** Send a frame when the page has drawn the last one, at the earliest `delayMs` from now. */
function schedule(delayMs: number): void {
  if (isDrawing) return
  const restMs = Math.min(LONGEST_REST_MS, Math.max(FRAME_MS, REST_FACTOR * drawMs))
  const dueMs = Math.max(performance.now() + delayMs, lastFrameMs + restMs)
  if (timer !== undefined) {
    if (timerMs <= dueMs) return
    clearTimeout(timer)
  }
  timerMs = dueMs
  timer = setTimeout(sendFrame, Math.max(0, dueMs - performance.now()))
}

function sendFrame(): void {
  timer = undefined
  timerMs = Infinity
  const frame = session.frame(Date.now())
  if (frame === undefined) {
    schedule(IDLE_MS)
    return
  }
  lastFrameMs = performance.now()
  isDrawing = true
  send(frame)
}

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
        schedule(0)
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
      connect(command.url, command.history, command.includePayload)
      break
    case 'disconnect':
      stream?.close()
      sendConnection({ state: 'closed', sinceMs: Date.now() })
      break
    case 'retry':
      stream?.retryNow()
      break
    case 'drawn':
      isDrawing = false
      drawMs = performance.now() - lastFrameMs
      break
    default:
      session.handle(command)
  }
  schedule(0)
}

self.onmessage = (event: MessageEvent<Command>) => receive(event.data)
