import { untrack } from 'svelte'
import {
  NO_RECORDING,
  type RecordingCommand,
  type RecordingNotice,
  type RecordingState,
} from '../../worker/recording-protocol.ts'
import type { Notice } from '../../worker/protocol.ts'
import { Live, type LiveSource } from '../calls/live.svelte.ts'
import { maskWords } from '../privacy/mask-words.ts'
import { Shown } from '../privacy/shown.ts'

/** A view of calls that have happened: of a file, or of the store. Its list and ladder are those of live calls. */
export class RecordingView {
  readonly live: Live
  #state = $state.raw<RecordingState>(NO_RECORDING)
  #fileNames: readonly string[] = []
  readonly #shown = new Shown<RecordingState>((state, masker) => {
    // A capture is often named after a number.
    const hide = (text: string): string =>
      maskWords(
        this.#fileNames.reduce((hidden, name, i) => hidden.replaceAll(name, `file ${i + 1}`), text),
        masker,
      )
    return { ...state, remarks: state.remarks.map(hide), faults: state.faults.map(hide) }
  })
  readonly #worker: Worker

  constructor(source: Omit<LiveSource, 'worker'>) {
    this.#worker = new Worker(new URL('../../worker/recording.worker.ts', import.meta.url), { type: 'module' })
    this.live = new Live({ ...source, worker: this.#worker })
    this.#worker.addEventListener('message', ({ data }: MessageEvent<RecordingNotice | Notice>) => {
      if (data.type === 'recording') this.#receive(data.state)
    })
  }

  get state(): RecordingState {
    return this.#shown.of(this.#state)
  }

  /** Read these files, in place of what there was. */
  openFiles(files: readonly File[]): void {
    this.#fileNames = files.map(({ name }) => name)
    this.#send({ type: 'files', files })
  }

  /** Fetch what was stored between two moments, in place of what there was. Milliseconds since 1970. */
  openRange(fromMs: number, toMs: number): void {
    this.#send({ type: 'range', fromMs, toMs })
  }

  clear(): void {
    this.#send({ type: 'clear' })
  }

  /** Show a moment; undefined for all there is. Microseconds since 1970. */
  seek(us: number | undefined): void {
    if (this.state.speed > 0) this.#send({ type: 'play', speed: 0 })
    this.#send({ type: 'moment', us })
  }

  /** Let time go on, so many times as fast as it does; 0 stands still. */
  play(speed: number): void {
    this.#send({ type: 'play', speed })
  }

  close(): void {
    this.live.close()
  }

  #send(command: RecordingCommand): void {
    this.#worker.postMessage(command)
  }

  #receive(state: RecordingState): void {
    const before = untrack(() => this.#state)
    this.#state = state
    if (state.rewindCount !== before.rewindCount) this.live.reopenLadder()
  }
}
