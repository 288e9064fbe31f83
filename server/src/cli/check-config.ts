import { stringify } from 'yaml'
import { ConfigError, loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { parseOptions } from './arguments.ts'
import type { Command } from './command.ts'

const help = `hepscope check-config [--config FILE] [--print]

Check the configuration as "serve" would, file and environment together, and open nothing.
Every fault is named at once; the exit code is 1 if there is one.

  --config FILE   YAML configuration
  --print         print every key with the value in force (secrets as ***)
  --help          this text
`

/** Says whether a configuration is right. */
export const checkConfigCommand: Command = {
  name: 'check-config',
  summary: 'check the configuration without starting anything',
  help,
  run(args) {
    const { values } = parseOptions({ args, options: { config: { type: 'string' }, print: { type: 'boolean' } } })
    try {
      const config = loadConfig(values.config)
      process.stdout.write(values.print === true ? stringify(withoutSecrets(config)) : 'configuration is right\n')
      return Promise.resolve(0)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      process.stderr.write(`hepscope: ${error.message}\n`)
      return Promise.resolve(1)
    }
  },
}

function withoutSecrets(config: Config): Config {
  const hidden = (secret: string): string => (secret === '' ? '' : '***')
  const { coordinator, ingest } = config
  const listeners = ingest.listeners.map((entry) =>
    'auth_key' in entry && entry.auth_key !== undefined ? { ...entry, auth_key: hidden(entry.auth_key) } : entry,
  )
  const jwt = { ...coordinator.jwt, secret: hidden(coordinator.jwt.secret) }
  return {
    ...config,
    admin_password: hidden(config.admin_password),
    ingest: { ...ingest, listeners },
    coordinator: { ...coordinator, jwt },
  }
}
