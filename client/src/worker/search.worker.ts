import { answerExport } from './export-answer.ts'
import { FramePump } from './frame-pump.ts'
import { LiveSession } from './live-session.ts'
import type { Notice } from './protocol.ts'
import type { SearchCommand } from './search-protocol.ts'
import { Shown } from './shown.ts'

/** Calls that are fetched at a time, and in all. */
const PAGE_SIZE = 500
const MAX_CALLS = 20_000
/** No events come here: calls are those of the store. */
const LIMITS = { events: 1, bytes: 1, calls: 1 }

const shown = new Shown()
const frames = new FramePump(() => session.frame(Date.now()), send)
let session = new LiveSession(LIMITS)

function send(notice: Notice): void {
  self.postMessage(notice)
}

function receive(command: SearchCommand): void {
  switch (command.type) {
    case 'search': {
      session.handle({ type: 'older', isWanted: false })
      const { fromMs, toMs } = command
      const onChange = (): void => frames.schedule()
      session = new LiveSession(LIMITS, { older: { fromMs, toMs, pageSize: PAGE_SIZE, limit: MAX_CALLS, onChange } })
      shown.tellAll((each) => session.handle(each))
      break
    }
    case 'export':
      void answerExport(command, session.eventsOf(command.callIds), send)
      break
    case 'drawn':
      frames.drawn()
      break
    // What is stored has no socket.
    case 'connect':
    case 'disconnect':
    case 'retry':
      break
    default:
      shown.note(command)
      session.handle(command)
  }
  frames.schedule()
}

self.onmessage = (event: MessageEvent<SearchCommand>) => receive(event.data)
