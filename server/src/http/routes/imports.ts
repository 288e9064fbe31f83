import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { type AppContext, type AppMiddleware, sessionOf } from '../context.ts'
import { answer, envelope } from '../envelope.ts'
import { AppError } from '../error.ts'
import type { Logger } from '../../log.ts'
import { RouteTable } from '../route-table.ts'

/** What became of a file. */
export const imported = z.object({
  inserted: z.int().describe('Packets that became events'),
  rejected: z.int().describe('Packets that were refused; the metrics and the log say why'),
  skipped: z.record(z.string(), z.int()).describe('Frames of the file that are neither SIP nor HEP, by reason'),
})
export type Imported = z.infer<typeof imported>

/** What a file could not be read for; for the client. */
export class ImportError extends Error {
  override readonly name = 'ImportError'
}

export interface ImportOptions {
  /** Longest file, bytes, as sent and inflated. */
  readonly maxBytes: number
  /** @throws ImportError */
  readonly run: (name: string, file: Uint8Array, signal: AbortSignal) => Promise<Imported>
  readonly log: Logger
}

/**
 * `POST /api/v4/imports/pcap` (admins): pcap, pcapng or a HEP stream, each also gzipped, as the body or as the first
 * file of `multipart/form-data`. Its packets take the way of live ones. One file at a time.
 */
export function importRoutes(login: AppMiddleware, { maxBytes, run, log }: ImportOptions): RouteTable {
  const table = new RouteTable(login)
  let isBusy = false
  table.add(
    'post',
    '/api/v4/imports/pcap',
    {
      summary: 'Take the SIP and HEP of a capture file (pcap, pcapng, HEP stream, gzip), the body or a form’s file',
      access: 'admins',
      fileTypes: ['application/octet-stream', 'application/vnd.tcpdump.pcap', 'multipart/form-data'],
      replies: { 200: { description: 'What became of it', schema: envelope(imported) } },
      errors: [400, 413, 503],
    },
    async (ctx) => {
      if (isBusy) throw new AppError('unavailable', 'Another file is being imported')
      isBusy = true
      try {
        const { name, bytes } = await fileOf(ctx, maxBytes)
        const gone = new AbortController()
        ctx.res.once('close', () => gone.abort())
        const result = await run(name, bytes, gone.signal)
        log.info({ username: sessionOf(ctx).username, file: name, bytes: bytes.length, ...result }, 'file imported')
        answer(ctx, 200, result)
      } catch (error) {
        if (error instanceof ImportError) throw new AppError('invalid_argument', error.message)
        throw error
      } finally {
        isBusy = false
      }
    },
  )
  return table
}

async function fileOf(ctx: AppContext, maxBytes: number): Promise<{ name: string; bytes: Uint8Array }> {
  const body = await readAll(ctx.req, maxBytes)
  const type = ctx.get('content-type')
  if (!/^multipart\/form-data/i.test(type)) return { name: 'the body', bytes: body }
  const response = new Response(body, { headers: { 'content-type': type } })
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- for its use of memory; the body is bounded and here
  const form = await response.formData().catch((error: unknown) => {
    throw new ImportError(`the form cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  })
  for (const value of form.values()) {
    if (typeof value !== 'string') return { name: value.name, bytes: new Uint8Array(await value.arrayBuffer()) }
  }
  throw new ImportError('the form has no file')
}

async function readAll(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = (): AppError => new AppError('too_large', `The file is larger than ${maxBytes} bytes`)
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge()
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length
    if (length > maxBytes) throw tooLarge()
    parts.push(part)
  }
  return Buffer.concat(parts)
}
