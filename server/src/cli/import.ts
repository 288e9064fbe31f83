import { readFile } from 'node:fs/promises'
import { post, reportingErrors, SERVER_HELP, SERVER_OPTIONS, ServerError, serverOf } from './api-client.ts'
import { parseOptions, UsageError } from './arguments.ts'
import type { Command } from './command.ts'
import { printLines } from './terminal.ts'

const help = `hepscope import FILE... [options]

Give capture files to a running server: pcap, pcapng, or the bytes of a HEP stream, each
also gzipped. SIP and HEP in them are taken as if they had just been received, with the
times of the capture. The token must be an admin's. "hepscope replay" sends files to any
HEP receiver instead.

${SERVER_HELP}
  --help              this text

Exit code 1 if a file cannot be read, or the server cannot be asked or refuses it; files
before it have been imported then.
`

interface Imported {
  readonly inserted: number
  readonly rejected: number
  readonly skipped: Readonly<Record<string, number>>
}

/** Gives capture files to a running server. */
export const importCommand: Command = {
  help,
  async run(args) {
    const { values, positionals } = parseOptions({ args, allowPositionals: true, options: SERVER_OPTIONS })
    if (positionals.length === 0) throw new UsageError('a file is missing')
    const server = serverOf(values)
    return reportingErrors(async () => {
      for (const path of positionals) {
        const bytes = await readFile(path).catch((error: unknown) => {
          throw new ServerError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`)
        })
        const response = await post(server, '/api/v4/imports/pcap', new Uint8Array(bytes), {
          'content-type': 'application/octet-stream',
        })
        const { data } = (await response.json()) as { readonly data: Imported }
        printLines([`${path}: ${lineOf(data)}`])
      }
    })
  },
}

function lineOf({ inserted, rejected, skipped }: Imported): string {
  const passed = Object.entries(skipped).map(([reason, count]) => `${count} ${reason}`)
  const parts = [`${inserted} messages`, ...(rejected > 0 ? [`${rejected} rejected`] : [])]
  return `${parts.join(', ')}${passed.length > 0 ? ` (passed over: ${passed.join(', ')})` : ''}`
}
