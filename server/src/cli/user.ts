import { createInterface } from 'node:readline/promises'
import { randomPassword } from '../auth/password.ts'
import { UserError, UserStore } from '../auth/users.ts'
import { ConfigError, loadConfig } from '../config/load.ts'
import { parseOptions, UsageError } from './arguments.ts'
import type { Command } from './command.ts'

const help = `hepscope user list|add|password|remove [NAME] [options]

The users who may log in. A running server takes changes at the next login.

  list                print the users
  add NAME            add a user; with --admin one who may see payloads
  password NAME       set another password
  remove NAME         remove a user; tokens of that user end at once

  --admin             with add
  --password-stdin    read the password from standard input; without it a random one
                      is made and printed
  --config FILE       YAML configuration, for its data_dir
  --help              this text
`

/** Keeps the users of a data directory. */
export const userCommand: Command = {
  name: 'user',
  summary: 'list, add, change and remove users',
  help,
  async run(args) {
    const { values, positionals } = parseOptions({
      args,
      allowPositionals: true,
      options: {
        admin: { type: 'boolean' },
        'password-stdin': { type: 'boolean' },
        config: { type: 'string' },
      },
    })
    const [action, name, ...more] = positionals
    if (more.length > 0) throw new UsageError(`"${more.join(' ')}" is one word too many`)
    try {
      const users = new UserStore(loadConfig(values.config).data_dir)
      if (action === 'list') return print(users.list.map((user) => `${user.username}${user.admin ? ' (admin)' : ''}`))
      if (action !== 'add' && action !== 'password' && action !== 'remove') {
        throw new UsageError('the first word must be list, add, password or remove')
      }
      if (name === undefined) throw new UsageError(`${action} needs a user name`)
      if (action === 'remove') {
        users.remove(name)
        return print([`user "${name}" removed`])
      }
      const isGenerated = values['password-stdin'] !== true
      const password = isGenerated ? randomPassword() : await readLine()
      if (action === 'add') await users.add(name, password, values.admin === true)
      else await users.setPassword(name, password)
      return print([`user "${name}" saved`, ...(isGenerated ? [`password: ${password}`] : [])])
    } catch (error) {
      if (!(error instanceof UserError || error instanceof ConfigError)) throw error
      process.stderr.write(`hepscope: ${error.message}\n`)
      return 1
    }
  },
}

function print(lines: readonly string[]): number {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
  return 0
}

async function readLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin })
  for await (const line of lines) return line
  return ''
}
