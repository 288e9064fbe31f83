import { nodeFiles, type StoreFiles } from '../../src/store/files.ts'

/** Operations that change something on disk, in whose midst a process may die. */
const CHANGES: ReadonlySet<keyof StoreFiles> = new Set<keyof StoreFiles>([
  'makeDirectory',
  'create',
  'write',
  'sync',
  'syncPath',
  'truncate',
  'truncateOpen',
  'rename',
  'remove',
])

/** The real file system with faults that a test switches on. */
export class FaultFiles {
  readonly files: StoreFiles
  /** Operations that would change something, since the last `arm`. */
  changeCount = 0
  isDead = false
  /** Set: `write` fails with this after half of the bytes. */
  writeFault: string | undefined
  #dieAt = Infinity

  constructor() {
    this.files = new Proxy(nodeFiles, {
      get: (target, name: keyof StoreFiles) => {
        const real = target[name] as (...args: readonly unknown[]) => unknown
        return (...args: readonly unknown[]): unknown => {
          this.#check(name)
          if (name === 'write' && this.writeFault !== undefined) this.#writeHalf(args)
          return real(...args)
        }
      },
    })
  }

  /** Let the process die, as far as files go, before the change number `at` from now (0: the next). */
  arm(at: number): void {
    this.changeCount = 0
    this.#dieAt = at
  }

  #check(name: keyof StoreFiles): void {
    if (this.isDead) throw errno('EIO', 'dead')
    if (!CHANGES.has(name)) return
    if (this.changeCount++ >= this.#dieAt) {
      this.isDead = true
      throw errno('EIO', 'dead')
    }
  }

  #writeHalf(args: readonly unknown[]): void {
    const [fd, bytes] = args as [number, Uint8Array]
    nodeFiles.write(fd, bytes.subarray(0, bytes.length >> 1))
    throw errno(this.writeFault ?? 'EIO', 'write')
  }
}

export function errno(code: string, syscall: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall })
}
