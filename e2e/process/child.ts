import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'

export interface ExitStatus {
  /** Undefined if a signal ended it. */
  readonly code: number | undefined
  readonly signal: NodeJS.Signals | undefined
}

const STOP_TIMEOUT_MS = 10_000
const TAIL_CHARACTERS = 4000

const running = new Set<ChildProcess>()
// A test that failed meanwhile must not leave anything behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

interface Waiter {
  readonly pattern: RegExp
  readonly resolve: (match: RegExpExecArray) => void
  readonly reject: (error: Error) => void
}

export interface ChildOptions extends Pick<SpawnOptions, 'cwd' | 'env'> {
  /** Path of what it reads; without one its input is empty. */
  readonly input?: string
}

/** A program that a test runs: its output, what it says, and how it ends. */
export class Child {
  readonly name: string
  stdout = ''
  stderr = ''
  /** Resolves when it has ended and all of its output was read. */
  readonly exited: Promise<ExitStatus>
  readonly #process: ChildProcess
  readonly #waiters = new Set<Waiter>()
  #status: ExitStatus | undefined

  /** Start a program; `exited` tells if it could not be started. */
  constructor(command: string, args: readonly string[], { input, ...options }: ChildOptions = {}) {
    this.name = [command.split('/').at(-1), ...args].join(' ')
    const stdin = openSync(input ?? '/dev/null', 'r')
    const child = spawn(command, args, { ...options, stdio: [stdin, 'pipe', 'pipe'] })
    closeSync(stdin)
    this.#process = child
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += stripVTControlCharacters(text)
      this.#look()
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += stripVTControlCharacters(text)
      this.#look()
    })
    running.add(child)
    this.exited = this.#end().finally(() => running.delete(child))
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Undefined while it runs. */
  get status(): ExitStatus | undefined {
    return this.#status
  }

  /** Resolves with the first match in its output; rejects when it ends, or time is up, without one. */
  saying(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () =>
          waiter.reject(new Error(`${this.name} did not say ${pattern.source} within ${timeoutMs} ms${this.#tail()}`)),
        timeoutMs,
      )
      const done = (): void => {
        clearTimeout(timer)
        this.#waiters.delete(waiter)
      }
      const waiter: Waiter = {
        pattern,
        resolve: (match) => {
          done()
          resolve(match)
        },
        reject: (error) => {
          done()
          reject(error)
        },
      }
      this.#waiters.add(waiter)
      this.#look()
      if (this.#status !== undefined) this.#failWaiters()
    })
  }

  send(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** End it, if it runs; after ten seconds by force, and that is an error. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ExitStatus> {
    if (this.#status !== undefined) return this.#status
    this.send(signal)
    const status = await this.exitWithin(STOP_TIMEOUT_MS)
    if (status !== undefined) return status
    this.send('SIGKILL')
    await this.exited
    throw new Error(`${this.name} did not end within ${STOP_TIMEOUT_MS} ms of ${signal}${this.#tail()}`)
  }

  /** How it ended; undefined if it still runs when time is up. */
  async exitWithin(timeoutMs: number): Promise<ExitStatus | undefined> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), timeoutMs)))
    const status = await Promise.race([this.exited, late])
    clearTimeout(timer)
    return status
  }

  /** Wait for a good end. */
  async succeeds(timeoutMs: number): Promise<this> {
    const status = await this.exitWithin(timeoutMs)
    if (status === undefined) {
      this.send('SIGKILL')
      throw new Error(`${this.name} still runs after ${timeoutMs} ms${this.#tail()}`)
    }
    if (status.code !== 0) throw new Error(`${this.name} ended with ${status.code ?? status.signal}${this.#tail()}`)
    return this
  }

  async #end(): Promise<ExitStatus> {
    try {
      const [code, signal] = (await once(this.#process, 'close')) as [number | null, NodeJS.Signals | null]
      this.#status = { code: code ?? undefined, signal: signal ?? undefined }
    } catch (error) {
      this.stderr += String(error)
      this.#status = { code: 127, signal: undefined }
    }
    this.#failWaiters()
    return this.#status
  }

  #look(): void {
    for (const waiter of this.#waiters) {
      const match = waiter.pattern.exec(this.stdout) ?? waiter.pattern.exec(this.stderr)
      if (match !== null) waiter.resolve(match)
    }
  }

  #failWaiters(): void {
    for (const waiter of this.#waiters) {
      const end = this.#status?.code ?? this.#status?.signal
      waiter.reject(new Error(`${this.name} ended with ${end} before it said ${waiter.pattern.source}${this.#tail()}`))
    }
  }

  #tail(): string {
    const text = `${this.stdout}${this.stderr}`.trimEnd().slice(-TAIL_CHARACTERS)
    return text === '' ? '' : `; its output was:\n${text}`
  }
}
