import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** `reset`: connections break and none can be made. `silence`: they stay, but no byte passes. */
export type CutKind = 'reset' | 'silence'

/** Stands between two programs on this machine and can cut the line between them. */
export class CuttingProxy {
  /** Connections that were made through it. */
  connectionCount = 0
  readonly #server: Server
  readonly #target: { readonly host: string; readonly port: number }
  /** Each with its other half. */
  readonly #pairs = new Map<Socket, Socket>()
  #cut: CutKind | undefined

  constructor(server: Server, target: { host: string; port: number }) {
    this.#server = server
    this.#target = target
    server.on('connection', (socket) => this.#connected(socket))
  }

  /** @param host address that the proxy listens on */
  static async open(target: { host: string; port: number }, host = '127.0.0.1', port = 0): Promise<CuttingProxy> {
    const server = createServer({ noDelay: true })
    const proxy = new CuttingProxy(server, target)
    server.listen(port, host)
    await once(server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get openCount(): number {
    return this.#pairs.size
  }

  cut(kind: CutKind): void {
    this.#cut = kind
    for (const [near, far] of this.#pairs) {
      if (kind === 'reset') near.resetAndDestroy()
      else {
        near.unpipe(far).pause()
        far.unpipe(near).pause()
      }
    }
  }

  /** What was held back in silence passes now. */
  mend(): void {
    if (this.#cut === undefined) return
    this.#cut = undefined
    for (const [near, far] of this.#pairs) join(near, far)
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const near of this.#pairs.keys()) near.destroy()
    await closed
  }

  #connected(near: Socket): void {
    if (this.#cut === 'reset') {
      near.resetAndDestroy()
      return
    }
    this.connectionCount++
    const far = connect({ ...this.#target, noDelay: true })
    this.#pairs.set(near, far)
    near.on('error', () => far.destroy())
    far.on('error', () => near.resetAndDestroy())
    near.on('close', () => {
      this.#pairs.delete(near)
      far.destroy()
    })
    far.on('close', () => near.destroy())
    if (this.#cut === undefined) join(near, far)
    else {
      near.pause()
      far.pause()
    }
  }
}

function join(near: Socket, far: Socket): void {
  near.pipe(far)
  far.pipe(near)
}
