import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FILE = 'hepscope.lock'
/** Field of proc(5) /proc/pid/stat behind the command's closing bracket: start of the process, clock ticks since boot. */
const START_FIELD = 19

/** A data directory that cannot be used; the message says why. */
export class DataDirError extends Error {
  override readonly name = 'DataDirError'
}

interface Holder {
  readonly pid: number
  /** Tells the process from a later one with the same id; empty where the system does not say. */
  readonly started: string
}

/**
 * Make a data directory and claim it for this process: two stores in one would take each other's files for remains
 * of a crash. A claim that a killed process left behind does not count.
 *
 * @returns what gives it back
 * @throws DataDirError if it cannot be made or written, or a running process has it
 */
export function lockDataDir(dataDir: string): () => void {
  const path = join(dataDir, FILE)
  const own: Holder = { pid: process.pid, started: startOf(process.pid) }
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    if (claim(path, own)) return () => rmSync(path, { force: true })
    const holder = readHolder(path)
    if (holder !== undefined && isRunning(holder)) {
      throw new DataDirError(`it is in use by process ${holder.pid}. Stop that one or set another data_dir`)
    }
    rmSync(path, { force: true })
    if (!claim(path, own)) throw new DataDirError('another server starts on it just now')
    return () => rmSync(path, { force: true })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new DataDirError(`cannot use the data directory ${dataDir}: ${reason}`, { cause: error })
  }
}

/** Id of the running process that has claimed a data directory; undefined if none has. */
export function lockHolder(dataDir: string): number | undefined {
  const holder = readHolder(join(dataDir, FILE))
  return holder !== undefined && isRunning(holder) ? holder.pid : undefined
}

function claim(path: string, own: Holder): boolean {
  try {
    writeFileSync(path, JSON.stringify(own), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** Undefined if the file says nothing that can be believed, e.g. after a power cut. */
function readHolder(path: string): Holder | undefined {
  try {
    const holder: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof holder !== 'object' || holder === null || !('pid' in holder) || !('started' in holder)) return undefined
    const { pid, started } = holder
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined
  } catch {
    return undefined
  }
}

/** In a container the holder before a restart had our own id. */
function isRunning({ pid, started }: Holder): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: there is such a process, of another user.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false
  }
  return startOf(pid) === started
}

function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[START_FIELD] ?? ''
  } catch {
    return ''
  }
}
