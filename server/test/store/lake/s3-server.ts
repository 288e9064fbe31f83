import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { S3Options } from '../../../src/store/lake/lake-options.ts'
import { TestAuthority } from '../../certificates.ts'

interface Setup {
  ensureS3Server(): Promise<string>
}

const BUCKET = 'calls'
const KEY_ID = 'hepscope-key'
const SECRET = "o'bject+secret/77"

/** An S3-compatible store of our own on a port of the loopback address, with one bucket, in a directory. */
export class S3Server {
  readonly #program: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'hepscope-s3-'))
  readonly #isSecure: boolean
  #child: ChildProcess | undefined
  #port = 0

  /** Not started yet; see `start`. */
  constructor(program: string, isSecure: boolean) {
    this.#program = program
    this.#isSecure = isSecure
    mkdirSync(join(this.#folder, 'buckets', BUCKET), { recursive: true })
  }

  /**
   * @param isSecure it speaks TLS, with a certificate of an authority of its own
   * @throws if it cannot be had, or does not start
   */
  static async start(isSecure = false): Promise<S3Server> {
    const url = new URL('../../../../scripts/setup/s3-server.mjs', import.meta.url)
    const setup = (await import(url.href)) as Setup
    const server = new S3Server(await setup.ensureS3Server(), isSecure)
    await server.restart()
    return server
  }

  /** How a store reaches it. */
  get options(): S3Options {
    return {
      endpoint: `127.0.0.1:${this.#port}`,
      region: 'us-east-1',
      keyId: KEY_ID,
      secret: SECRET,
      urlStyle: 'path',
      useTls: this.#isSecure,
      caFile: this.#isSecure ? this.#file('ca.pem') : '',
    }
  }

  /** A new place in the bucket, as `storage.lake.data_path` has it. */
  dataPath(name: string): string {
    return `s3://${BUCKET}/${name}`
  }

  /** Keys of the objects in such a place. */
  objects(name: string): string[] {
    const folder = join(this.#folder, 'buckets', BUCKET, name)
    if (!existsSync(folder)) return []
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
  }

  /** Start it, or start it again on the port that it had. */
  async restart(): Promise<void> {
    await this.stop()
    const place = ['serve', 's3', join(this.#folder, 'buckets'), '--addr', `127.0.0.1:${this.#port}`]
    const args = [...place, '--auth-key', `${KEY_ID},${SECRET}`, '--config', this.#file('none.conf'), ...this.#tls()]
    const child = spawn(this.#program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child = child
    const said: string[] = []
    for await (const line of createInterface(child.stderr)) {
      said.push(line)
      const port = /Starting s3 server on \[https?:\/\/127\.0\.0\.1:(\d+)\//.exec(line)?.[1]
      if (port === undefined) continue
      this.#port = Number(port)
      // Else its pipe fills up, and it waits.
      child.stderr.resume()
      return
    }
    throw new Error(`the object store did not start: ${said.join('\n')}`)
  }

  /** End it at once; its objects stay. */
  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child?.exitCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  async close(): Promise<void> {
    await this.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** What makes it speak TLS, if it is to. */
  #tls(): string[] {
    if (!this.#isSecure) return []
    const authority = new TestAuthority()
    const { cert, key } = authority.issue('object store', ['127.0.0.1'])
    for (const [name, text] of Object.entries({ 'ca.pem': authority.cert, 'cert.pem': cert, 'key.pem': key }))
      writeFileSync(this.#file(name), text)
    return ['--cert', this.#file('cert.pem'), '--key', this.#file('key.pem')]
  }

  #file(name: string): string {
    return join(this.#folder, name)
  }
}
