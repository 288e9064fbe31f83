import { UsageError } from './cli/arguments.ts'
import { checkConfigCommand } from './cli/check-config.ts'
import type { Command } from './cli/command.ts'
import { exportCommand } from './cli/export.ts'
import { genCommand } from './cli/gen.ts'
import { importCommand } from './cli/import.ts'
import { replayCommand } from './cli/replay.ts'
import { searchCommand } from './cli/search.ts'
import { serveCommand } from './cli/serve.ts'
import { storageCommand } from './cli/storage.ts'
import { tailCommand } from './cli/tail.ts'
import { tokenCommand } from './cli/token.ts'
import { userCommand } from './cli/user.ts'
import { VERSION } from './version.ts'

const COMMANDS: readonly Command[] = [
  serveCommand,
  genCommand,
  replayCommand,
  tailCommand,
  searchCommand,
  exportCommand,
  importCommand,
  storageCommand,
  userCommand,
  tokenCommand,
  checkConfigCommand,
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
  const command = COMMANDS.find((known) => known.name === name)
  if (command === undefined) {
    process.stderr.write(
      `hepscope: no command "${name}"; there are ${COMMANDS.map((known) => known.name).join(', ')}\n`,
    )
    return 2
  }
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
