import { stringify } from 'yaml'
import { ConfigError, loadConfig } from '../config/load.ts'
import { parseOptions } from './arguments.ts'
import type { Command } from './command.ts'

const help = `hepscope check-config [--config FILE] [--print]

Check the configuration as "serve" would, file and environment together, and open nothing.
Every fault is named at once; the exit code is 1 if there is one.

  --config FILE   YAML configuration
  --print         print every key with the value in force (secrets as ***)
  --help          this text
`

/** Keys that hold secrets, wherever they stand. */
const SECRETS: ReadonlySet<string> = new Set(['admin_password', 'auth_key', 'client_secret', 'secret', 'token'])

/** Says whether a configuration is right. */
export const checkConfigCommand: Command = {
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

/** A part of a configuration with what must not be shown put out of sight. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      SECRETS.has(key) && inner !== '' ? '***' : withoutSecrets(inner),
    ]),
  )
}
