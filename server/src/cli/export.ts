import { writeFile } from 'node:fs/promises'
import { post, reportingErrors, SERVER_HELP, SERVER_OPTIONS, ServerError, serverOf } from './api-client.ts'
import { parseOptions, UsageError } from './arguments.ts'
import type { Command } from './command.ts'

const FORMATS = ['pcap', 'text', 'ndjson', 'sipp'] as const

const help = `hepscope export CALL-ID... [options]

Write the stored messages of some calls, as a running server has them, to a file.

  --format FORMAT     pcap (default), text, ndjson, or sipp: a scenario that plays the caller
                      of one call
  --output FILE       where to write (default: standard output, unless that is a terminal
                      and the format pcap)
  --related           RTCP, logs and whatever else names one of the calls, too
${SERVER_HELP}
  --help              this text

Exit code 1 if nothing of the calls is stored, or the server cannot be asked or refuses.
`

/** Fetches stored calls from a running server as a file. */
export const exportCommand: Command = {
  help,
  async run(args) {
    const { values, positionals } = parseOptions({
      args,
      allowPositionals: true,
      options: {
        ...SERVER_OPTIONS,
        format: { type: 'string', default: 'pcap' },
        output: { type: 'string' },
        related: { type: 'boolean', default: false },
      },
    })
    const format = FORMATS.find((known) => known === values.format)
    if (format === undefined) throw new UsageError(`--format ${values.format} is none of ${FORMATS.join(', ')}`)
    if (positionals.length === 0) throw new UsageError('a Call-ID is missing')
    const { output } = values
    if (output === undefined && format === 'pcap' && process.stdout.isTTY) {
      throw new UsageError('a capture is nothing for a terminal: give --output FILE')
    }
    const server = serverOf(values)
    const body = JSON.stringify({ session_ids: positionals, event_type: 'all', with_related: values.related })
    return reportingErrors(async () => {
      const response = await post(server, `/api/v4/transactions/export/${format}`, body, {
        'content-type': 'application/json',
      })
      const bytes = new Uint8Array(await response.arrayBuffer())
      await write(output, bytes)
      const missing = response.headers.get('x-hepscope-missing-nodes') ?? ''
      if (missing !== '') {
        const names = missing.split(',').map(decodeURIComponent)
        process.stderr.write(`hepscope: messages are missing, for these nodes did not answer: ${names.join(', ')}\n`)
      }
      const skipped = Number(response.headers.get('x-hepscope-skipped') ?? 0)
      if (skipped > 0) process.stderr.write(`hepscope: ${skipped} messages cannot be written in this format\n`)
      if (response.headers.get('x-hepscope-more') === 'true') {
        process.stderr.write('hepscope: there are more messages than the server gives at once; ask for fewer calls\n')
      }
    })
  },
}

async function write(path: string | undefined, bytes: Uint8Array): Promise<void> {
  if (path === undefined) {
    process.stdout.write(bytes)
    return
  }
  await writeFile(path, bytes).catch((error: unknown) => {
    throw new ServerError(`cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`)
  })
}
