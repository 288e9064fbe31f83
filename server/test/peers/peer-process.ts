import { spawn, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { accessSync, constants, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe } from 'vitest'

/**
 * Tests against a real program. Where it is missing they are skipped and say so; where `CI` is set they fail.
 *
 * @param program name of its executable, and of its Debian package
 */
export function describePeer(program: string, name: string, tests: () => void): void {
  const isMissing = !isInstalled(program)
  const message = `${program} is not installed (apt-get install ${program}): "${name}" cannot be tested`
  if (isMissing) process.stderr.write(`${message}\n`)
  describe.skipIf(isMissing && process.env.CI === undefined)(name, () => {
    beforeAll(() => {
      if (isMissing) throw new Error(message)
    })
    tests()
  })
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** A program that a test has started, with all that it wrote. */
export class Peer {
  readonly #written: { readonly out: Buffer[]; readonly err: Buffer[] } = { out: [], err: [] }
  readonly #child: ChildProcess
  readonly #program: string

  constructor(program: string, args: readonly string[]) {
    this.#program = program
    this.#child = spawn(program, args, {
      // An input at its end would make some programs end.
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, PATH: `${process.env.PATH}${delimiter}/usr/sbin`, TERM: 'xterm' },
    })
    this.#child.stdout?.on('data', (bytes: Buffer) => this.#written.out.push(bytes))
    this.#child.stderr?.on('data', (bytes: Buffer) => this.#written.err.push(bytes))
  }

  /** What it wrote to its standard output so far. */
  get output(): Buffer {
    return Buffer.concat(this.#written.out)
  }

  /** @throws if the program ends, or `isDone` is not true within ten seconds */
  async until(what: string, isDone: () => boolean): Promise<void> {
    const deadline = Date.now() + 10_000
    while (!isDone()) {
      if (this.#child.exitCode !== null || Date.now() > deadline) {
        const complaints = Buffer.concat(this.#written.err).toString().slice(-2000)
        throw new Error(`${this.#program}: ${what} did not happen; ${this.output.length} bytes written\n${complaints}`)
      }
      await sleep(10)
    }
  }

  async stop(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill(signal)
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000)
    await exited
    clearTimeout(timer)
  }
}

/** A port of 127.0.0.1 that nobody has, for a program that cannot choose one itself. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(resolve))
  return port
}

/** True once a program listens on the port: a datagram sent before would be lost. */
export function isListening(protocol: 'udp' | 'tcp', port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  // Second column is the local address and port, fourth the state: 0A is a TCP socket that listens.
  const line = protocol === 'udp' ? `^ *\\d+: \\w+:${hex} ` : `^ *\\d+: \\w+:${hex} \\w+:\\w+ 0A `
  return new RegExp(line, 'm').test(readFileSync(`/proc/net/${protocol}`, 'utf8'))
}
