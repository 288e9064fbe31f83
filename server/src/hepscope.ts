import { UsageError } from './cli/arguments.ts'
import type { Command } from './cli/command.ts'
import { VERSION } from './version.ts'

interface KnownCommand {
  readonly name: string
  /** One line for `hepscope --help`. */
  readonly summary: string
  /** Only what is used is loaded. */
  readonly load: () => Promise<Command>
}

const COMMANDS: readonly KnownCommand[] = [
  {
    name: 'serve',
    summary: 'receive, store and stream HEP, and serve the web app',
    load: async () => (await import('./cli/serve.ts')).serveCommand,
  },
  {
    name: 'gen',
    summary: 'send simulated calls, or a constant load, to a HEP receiver',
    load: async () => (await import('./cli/gen.ts')).genCommand,
  },
  {
    name: 'replay',
    summary: 'send a pcap, pcapng or HEP recording to a HEP receiver',
    load: async () => (await import('./cli/replay.ts')).replayCommand,
  },
  {
    name: 'tail',
    summary: 'print the events of a live stream',
    load: async () => (await import('./cli/tail.ts')).tailCommand,
  },
  {
    name: 'search',
    summary: 'print stored messages or calls of a running server',
    load: async () => (await import('./cli/search.ts')).searchCommand,
  },
  {
    name: 'export',
    summary: 'write stored calls to a pcap, text, NDJSON or SIPp file',
    load: async () => (await import('./cli/export.ts')).exportCommand,
  },
  {
    name: 'import',
    summary: 'give capture files to a running server',
    load: async () => (await import('./cli/import.ts')).importCommand,
  },
  {
    name: 'storage',
    summary: 'check what is stored, and repair it',
    load: async () => (await import('./cli/storage.ts')).storageCommand,
  },
  {
    name: 'user',
    summary: 'list, add, change and remove users',
    load: async () => (await import('./cli/user.ts')).userCommand,
  },
  {
    name: 'token',
    summary: 'list, add and remove API tokens',
    load: async () => (await import('./cli/token.ts')).tokenCommand,
  },
  {
    name: 'check-config',
    summary: 'check the configuration without starting anything',
    load: async () => (await import('./cli/check-config.ts')).checkConfigCommand,
  },
]

const HELP = `hepscope ${VERSION}: a live window on SIP traffic

Usage: hepscope COMMAND [options]

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(14)}${summary}`).join('\n')}

hepscope COMMAND --help tells more of each.
`

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(HELP)
    return name === undefined ? 2 : 0
  }
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${VERSION}\n`)
    return 0
  }
  const known = COMMANDS.find((command) => command.name === name)
  if (known === undefined) {
    process.stderr.write(
      `hepscope: no command "${name}"; there are ${COMMANDS.map((command) => command.name).join(', ')}\n`,
    )
    return 2
  }
  const command = await known.load()
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(command.help)
    return 0
  }
  try {
    return await command.run(args)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`hepscope ${name}: ${error.message}\nhepscope ${name} --help tells what there is\n`)
    return 2
  }
}

process.exitCode = await main(process.argv.slice(2))
