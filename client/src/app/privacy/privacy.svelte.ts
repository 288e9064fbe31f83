import { type Masker, maskerOf } from './masker.ts'

const STORAGE_KEY = 'hepscope.privacy'

/**
 * Whether the page shows pseudonyms. It and their key last as long as the tab, a reload included, and are in no link.
 */
class Privacy {
  #isOn = $state(false)
  /** 32 hexadecimal digits. */
  readonly #key: string
  readonly #masker: Masker
  readonly #watchers = new Set<() => void>()

  constructor() {
    const [isOn = '', key = ''] = read().split(' ')
    this.#key = /^[\da-f]{32}$/.test(key) ? key : newKey()
    this.#masker = maskerOf(this.#key)
    this.#isOn = isOn === 'on'
  }

  get isOn(): boolean {
    return this.#isOn
  }

  /** Undefined while everything is shown as it is. */
  get masker(): Masker | undefined {
    return this.#isOn ? this.#masker : undefined
  }

  /** Makes the same pseudonyms elsewhere, by `maskerOf`; undefined while everything is shown as it is. */
  get key(): string | undefined {
    return this.#isOn ? this.#key : undefined
  }

  /** What a Call-ID of a row is, whether or not it is a pseudonym. */
  realCallId(callId: string): string {
    return this.#masker.realCallId(callId)
  }

  /** Be told when it was switched, until the returned function is called. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  toggle(): void {
    this.#isOn = !this.#isOn
    write(`${this.#isOn ? 'on' : 'off'} ${this.#key}`)
    for (const watcher of this.#watchers) watcher()
  }
}

/** The one of this page: all of it is masked, or nothing. */
export const privacy = new Privacy()

function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function read(): string {
  try {
    return sessionStorage.getItem(STORAGE_KEY) ?? ''
  } catch {
    return ''
  }
}

function write(text: string): void {
  try {
    sessionStorage.setItem(STORAGE_KEY, text)
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}
