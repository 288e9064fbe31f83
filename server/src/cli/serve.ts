import { once } from 'node:events'
import { AccountError } from '../auth/account-error.ts'
import { formatHostPort } from '../config/address.ts'
import { ConfigError, loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { CallbackError } from '../ingest/callbacks.ts'
import { ListenError } from '../ingest/listener.ts'
import { openLog } from '../log.ts'
import { DataDirError } from '../main/data-dir-lock.ts'
import { type RunningServer, startServer } from '../main/server.ts'
import { VERSION } from '../version.ts'
import { StoreError } from '../store/store.ts'
import { parseOptions } from './arguments.ts'
import type { Command } from './command.ts'

const help = `hepscope serve [--config FILE]

Receive HEP, store it, stream it, and serve the web app: everything in one process.

  --config FILE   YAML configuration; without it the defaults count (docs/config.md)
  --help          this text

Every key can also be set by environment: HEPSCOPE_ and its path in capitals with "_",
e.g. HEPSCOPE_COORDINATOR_LISTEN=127.0.0.1:8081. SIGINT and SIGTERM stop it; what has
arrived is written out first.
`

/** Runs the server until a signal stops it. */
export const serveCommand: Command = {
  help,
  async run(args) {
    const { values } = parseOptions({ args, options: { config: { type: 'string' } } })
    let config: Config
    try {
      config = loadConfig(values.config)
    } catch (error) {
      return failWith(error)
    }
    const log = openLog(config.log.level)
    let server: RunningServer
    try {
      server = await startServer(config, log)
    } catch (error) {
      return failWith(error)
    }
    process.stdout.write(banner(config, server))
    const [signal] = (await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])) as [string]
    process.stdout.write(`hepscope: ${signal}, writing out what has arrived…\n`)
    await server.close()
    process.stdout.write('hepscope: stopped\n')
    return 0
  },
}

/** Faults that a person can mend get one clear text; any other is ours and keeps its stack. */
function failWith(error: unknown): number {
  if (!(
    error instanceof ConfigError ||
    error instanceof DataDirError ||
    error instanceof ListenError ||
    error instanceof CallbackError ||
    error instanceof AccountError ||
    error instanceof StoreError
  ))
    throw error
  process.stderr.write(`hepscope: ${error.message}\n`)
  return 1
}

function banner(config: Config, server: RunningServer): string {
  const app = config.coordinator.listen.replace(/:\d+$/, `:${server.appPort}`).replace('0.0.0.0', 'localhost')
  const node = config.node.listen.replace(/:\d+$/, `:${server.nodePort}`)
  const hep = server.listeners.map((listener) => `${listener.transport} ${formatHostPort(listener)}`).join(', ')
  const lines = [
    `hepscope ${VERSION}, node ${config.node.name}`,
    `  web app      http://${app}`,
    `  HEP          ${hep || 'no listener'}`,
    `  node stream  ${config.node.tls.cert === '' ? 'ws' : 'wss'}://${node}/stream`,
    `  data         ${config.storage.enable ? config.data_dir : 'not stored (storage.enable: false)'}`,
  ]
  if (server.generatedPassword !== undefined) {
    lines.push('', `  Log in as "admin" with the password  ${server.generatedPassword}`)
    lines.push('  It is shown this once; HEPSCOPE_ADMIN_PASSWORD sets another.')
  }
  return `${lines.join('\n')}\n\n`
}
