import { type CaptureFile, CaptureBlocks, openCaptureFile } from './capture-files.ts'
import { answerExport } from './export-answer.ts'
import { FramePump } from './frame-pump.ts'
import type { Notice } from './protocol.ts'
import { NO_RECORDING, type RecordingCommand, type RecordingNotice, type RecordingState } from './recording-protocol.ts'
import { RecordingSession } from './recording-session.ts'
import { readStoredRange } from './stored-range.ts'

/** Work in one go; between, commands are heard. */
const SLICE_MS = 25
/** What the page is told of time and progress, at most so often. */
const STATE_MS = 60
/** Moving time goes on so often. */
const PLAY_MS = 33

let session = new RecordingSession()
let reading = new AbortController()
let about: Pick<RecordingState, 'phase' | 'share' | 'remarks' | 'faults'> = NO_RECORDING
let speed = 0
let playTimer: ReturnType<typeof setInterval> | undefined
let stateTimer: ReturnType<typeof setTimeout> | undefined
let isWorking = false
const frames = new FramePump(() => session.frame(Date.now()), send)

function send(notice: Notice | RecordingNotice): void {
  self.postMessage(notice)
}

/** Tasks in the queue, without the wait of 4 ms that a browser adds to each timer. */
const { port1: queueEnd, port2: queueStart } = new MessageChannel()
const queued: (() => void)[] = []
queueEnd.onmessage = () => queued.shift()?.()

/** A task of its own, so that messages come in between. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    queued.push(resolve)
    queueStart.postMessage(undefined)
  })
}

function tell(part: Partial<typeof about> = {}): void {
  about = { ...about, ...part }
  stateTimer ??= setTimeout(() => {
    stateTimer = undefined
    const { recording, momentUs, isAtEnd, rewindCount } = session
    const { events, bytes, fromUs, toUs, leftOutCount } = recording
    const remarks =
      leftOutCount === 0
        ? about.remarks
        : [
            ...about.remarks,
            `${leftOutCount.toLocaleString('en')} events are left out: the memory of this page is full`,
          ]
    send({
      type: 'recording',
      state: { ...about, events, bytes, fromUs, toUs, momentUs, isAtEnd, rewindCount, speed, remarks },
    })
  }, STATE_MS)
}

/** Bring the session to its moment, in slices. */
async function work(): Promise<void> {
  if (isWorking) return
  isWorking = true
  while (!session.step(SLICE_MS)) {
    tell()
    await pause()
  }
  isWorking = false
  tell()
  frames.schedule()
}

function begin(): AbortSignal {
  reading.abort()
  reading = new AbortController()
  play(0)
  session = session.emptied()
  about = { ...NO_RECORDING, phase: 'loading' }
  tell()
  return reading.signal
}

async function readFiles(files: readonly File[]): Promise<void> {
  const signal = begin()
  const opened: CaptureFile[] = []
  const faults: string[] = []
  const remarks: string[] = []
  for (const file of files) {
    const result = await openCaptureFile(file)
    if (!result.ok) faults.push(result.message)
    else {
      opened.push(result.file)
      if (result.remark !== undefined) remarks.push(result.remark)
    }
    if (signal.aborted) return
  }
  tell({ faults })
  const source = new CaptureBlocks(opened)
  let sliceMs = performance.now() + SLICE_MS
  for (const block of source.read()) {
    if (block !== undefined) session.add(block)
    if (performance.now() < sliceMs) continue
    session.step(SLICE_MS)
    tell({ share: source.doneBytes / Math.max(1, source.totalBytes) })
    frames.schedule()
    await pause()
    if (signal.aborted) return
    sliceMs = performance.now() + SLICE_MS
  }
  const isNothing = opened.length > 0 && session.recording.events === 0
  if (isNothing) faults.push(`${opened.map(({ name }) => name).join(', ')}: no SIP and no HEP in it`)
  tell({ phase: opened.length === 0 ? 'empty' : 'ready', share: 1, faults, remarks: [...remarks, ...source.remarks] })
  await work()
}

async function readRange(fromMs: number, toMs: number): Promise<void> {
  const signal = begin()
  const range = await readStoredRange(fromMs, toMs, signal, (share) => tell({ share }))
  if (range === undefined) return
  if ('fault' in range) {
    tell({ phase: 'empty', faults: [range.fault] })
    return
  }
  for (const block of range.blocks) session.add(block)
  const cut = range.cutMs === undefined ? [] : [`older events of this range than ${clock(range.cutMs)} are left out`]
  tell({ phase: 'ready', share: 1, remarks: [...range.remarks, ...cut] })
  await work()
}

function clock(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)} UTC`
}

function play(newSpeed: number): void {
  speed = newSpeed
  clearInterval(playTimer)
  if (speed > 0) {
    // From the end there is nothing to play; again, then.
    if (session.isAtEnd) session.seek(session.recording.fromUs)
    let lastMs = performance.now()
    playTimer = setInterval(() => {
      const nowMs = performance.now()
      session.seek(session.momentUs + (nowMs - lastMs) * 1000 * speed)
      lastMs = nowMs
      if (session.isAtEnd) play(0)
      void work()
    }, PLAY_MS)
  }
  tell()
}

function receive(command: RecordingCommand): void {
  switch (command.type) {
    case 'files':
      void readFiles(command.files)
      break
    case 'range':
      void readRange(command.fromMs, command.toMs)
      break
    case 'clear':
      begin()
      tell({ phase: 'empty' })
      break
    case 'moment':
      session.seek(command.us ?? Infinity)
      void work()
      break
    case 'play':
      play(command.speed)
      break
    case 'export':
      void answerExport(command, session.eventsOf(command.callIds), send)
      break
    case 'drawn':
      frames.drawn()
      break
    // A recording has no socket.
    case 'connect':
    case 'disconnect':
    case 'retry':
      break
    default:
      session.handle(command)
  }
  frames.schedule()
}

self.onmessage = (event: MessageEvent<RecordingCommand>) => receive(event.data)
