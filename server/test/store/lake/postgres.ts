import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { chown } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const VERSIONS = '/usr/lib/postgresql'
const USER = 'hepscope'
const PASSWORD = "it's a secret"
const START_SECONDS = 30

/** Folder of PostgreSQL's own programs: Debian keeps them out of PATH. */
function binaries(): string {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a)) : []
  const folder = versions
    .map((version) => join(VERSIONS, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'initdb')))
  if (folder === undefined)
    throw new Error('PostgreSQL is not installed (apt-get install postgresql): a lake cannot be tested')
  return folder
}

/** A PostgreSQL of our own, empty, on a port of the loopback address. It does not run as root. */
export class Postgres {
  readonly port: number
  readonly #folder: string
  readonly #bin: string

  /** Not started yet; see `start`. */
  constructor(port: number, folder: string, bin: string) {
    this.port = port
    this.#folder = folder
    this.#bin = bin
  }

  /** @throws if it is not installed, or does not start */
  static async start(): Promise<Postgres> {
    const bin = binaries()
    // Not in TMPDIR, which other users cannot enter.
    const folder = mkdtempSync('/tmp/hepscope-postgres-')
    const postgres = new Postgres(await freePort(), folder, bin)
    const passwordFile = join(folder, 'password')
    writeFileSync(passwordFile, PASSWORD)
    if (isRoot()) {
      const { stdout } = await run('id', ['-u', 'postgres'])
      for (const path of [folder, passwordFile]) await chown(path, Number(stdout), -1)
    }
    const data = join(folder, 'data')
    const login = ['--username', USER, '--pwfile', passwordFile, '--auth', 'scram-sha-256']
    await postgres.#run('initdb', ['-D', data, ...login, '--no-sync', '--encoding', 'UTF8', '--locale', 'C'])
    await postgres.restart()
    return postgres
  }

  /** Password of the only user. */
  get password(): string {
    return PASSWORD
  }

  /** Make a database; its catalog as `storage.lake.catalog` has it. */
  async createCatalog(name: string): Promise<string> {
    await this.query('postgres', `CREATE DATABASE ${name}`)
    return `postgres:host=127.0.0.1 port=${this.port} user=${USER} dbname=${name}`
  }

  /** Run SQL in a database; the rows as text, members separated by `|`. */
  async query(database: string, sql: string): Promise<string> {
    const place = ['-h', '127.0.0.1', '-p', String(this.port), '-U', USER, '-d', database]
    const args = [...place, '--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '-c', sql]
    const { stdout } = await run(join(this.#bin, 'psql'), args, { env: { ...process.env, PGPASSWORD: PASSWORD } })
    return stdout.trim()
  }

  /** Start it, or start it again. */
  async restart(): Promise<void> {
    const options = `-p ${this.port} -h 127.0.0.1 -k ${this.#folder} -c fsync=off -c max_connections=50`
    await this.#control('restart', ['-o', options, '-l', join(this.#folder, 'log')])
  }

  /** End it at once, as if it were killed. */
  async stop(): Promise<void> {
    await this.#control('stop', [])
  }

  async close(): Promise<void> {
    await this.stop().catch(() => undefined)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #control(action: string, args: readonly string[]): Promise<void> {
    const wait = ['-w', '-t', String(START_SECONDS), '-m', 'immediate']
    return this.#run('pg_ctl', ['-D', join(this.#folder, 'data'), ...wait, ...args, action])
  }

  async #run(program: string, args: readonly string[]): Promise<void> {
    const path = join(this.#bin, program)
    const command = isRoot() ? ['runuser', '-u', 'postgres', '--', path, ...args] : [path, ...args]
    // What it starts keeps our pipes, so nobody may wait for their end.
    const child = execFile(command[0] ?? '', command.slice(1), { cwd: this.#folder })
    let said = ''
    child.stderr?.on('data', (text: string) => (said += text))
    child.stdout?.on('data', (text: string) => (said += text))
    const [code] = (await once(child, 'exit')) as [number | null]
    child.stdout?.destroy()
    child.stderr?.destroy()
    if (code !== 0) throw new Error(`${program} failed: ${said.slice(-2000)}`)
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
