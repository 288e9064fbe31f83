import { AccountError } from '../auth/account-error.ts'
import { randomPassword } from '../auth/password.ts'
import { type User, UserStore } from '../auth/users.ts'
import { ConfigError, loadConfig } from '../config/load.ts'
import { parseOptions, UsageError } from './arguments.ts'
import type { Command } from './command.ts'
import { printLines, readLine } from './terminal.ts'

const help = `hepscope user list|add|password|promote|demote|enable|disable|remove [NAME] [options]

The users who may log in. A running server takes changes at once: it ends the sessions and
streams of a user who is removed, disabled, demoted or gets another password.

  list                print the users
  add NAME            add a user; with --admin one who may see payloads and manage users
  password NAME       set another password
  promote NAME        make an admin of the user
  demote NAME         take the admin rights away
  enable NAME         let the user log in again
  disable NAME        keep the user, but let nobody in by that name
  remove NAME         remove a user; the last admin can not be removed

  --admin             with add
  --password-stdin    read the password from standard input; without it a random one
                      is made and printed
  --config FILE       YAML configuration, for its data_dir
  --help              this text
`

const CHANGES = {
  promote: { admin: true },
  demote: { admin: false },
  enable: { enabled: true },
  disable: { enabled: false },
} as const
const ACTIONS = ['list', 'add', 'password', 'promote', 'demote', 'enable', 'disable', 'remove'] as const

/** Keeps the users of a data directory. */
export const userCommand: Command = {
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
    const [word, name, ...more] = positionals
    const action = ACTIONS.find((known) => known === word)
    if (action === undefined) throw new UsageError(`the first word must be one of ${ACTIONS.join(', ')}`)
    if (more.length > 0) throw new UsageError(`"${more.join(' ')}" is one word too many`)
    try {
      const users = new UserStore(loadConfig(values.config).data_dir)
      if (action === 'list') return printLines(users.list.map(lineOf))
      if (name === undefined) throw new UsageError(`${action} needs a user name`)
      if (action === 'remove') {
        users.remove(name)
        return printLines([`user "${name}" removed`])
      }
      if (action !== 'add' && action !== 'password') {
        await users.change(name, CHANGES[action])
        return printLines([`user "${name}" saved`])
      }
      const isGenerated = values['password-stdin'] !== true
      const password = isGenerated ? randomPassword() : await readLine()
      if (action === 'add') await users.add({ username: name, password, admin: values.admin === true })
      else await users.change(name, { password })
      return printLines([`user "${name}" saved`, ...(isGenerated ? [`password: ${password}`] : [])])
    } catch (error) {
      if (!(error instanceof AccountError || error instanceof ConfigError)) throw error
      process.stderr.write(`hepscope: ${error.message}\n`)
      return 1
    }
  },
}

function lineOf({ username, admin, enabled, isExternal }: User): string {
  const marks = [admin && 'admin', !enabled && 'disabled', isExternal && 'OIDC'].filter((mark) => mark !== false)
  return marks.length === 0 ? username : `${username} (${marks.join(', ')})`
}
