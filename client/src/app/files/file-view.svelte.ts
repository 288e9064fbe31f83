import type { LiveSource } from '../calls/live.svelte.ts'
import type { AskStore } from '../ladder/ladder.svelte.ts'
import { privacy } from '../privacy/privacy.svelte.ts'
import { RecordingView } from '../recording/recording.svelte.ts'

/** A file holds all that can be known of it; nobody is asked about what is in it. */
const askNobody: AskStore = () => Promise.resolve({ kind: 'found', messages: [] })

/** Files that somebody opened, read as one. */
export class FileView {
  readonly recording: RecordingView
  files = $state.raw<readonly File[]>([])

  constructor(source: Pick<LiveSource, 'router' | 'onFault'>) {
    this.recording = new RecordingView({ ...source, view: 'file', askStore: askNobody })
  }

  /** A link named a call before there was a file. */
  get isAwaited(): boolean {
    return this.files.length === 0 && this.recording.live.ladder !== undefined
  }

  /** Read files together with those that are open. Those that could not be read are forgotten. */
  add(files: readonly File[]): void {
    if (files.length === 0) return
    const isFresh = this.recording.state.events === 0
    this.files = isFresh ? files : [...this.files, ...files]
    this.recording.openFiles(this.files)
    const { momentUs } = this.recording.live.address
    if (isFresh && momentUs > 0) this.recording.seek(momentUs)
  }

  clear(): void {
    this.files = []
    this.recording.live.closeLadder()
    this.recording.live.noteAddress({ momentUs: 0 })
    this.recording.clear()
  }

  close(): void {
    this.recording.close()
  }

  get title(): string {
    const [first] = this.files
    if (first === undefined) return 'no file'
    if (privacy.isOn && this.files.length === 1) return 'one file'
    return this.files.length === 1 ? first.name : `${this.files.length} files`
  }
}
