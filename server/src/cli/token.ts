import { userInfo } from 'node:os'
import { AccountError } from '../auth/account-error.ts'
import { type ApiToken, ApiTokenStore, defaultTokenEnd } from '../auth/api-tokens.ts'
import { ConfigError, loadConfig } from '../config/load.ts'
import { parseOptions, UsageError } from './arguments.ts'
import type { Command } from './command.ts'
import { printLines } from './terminal.ts'

const help = `hepscope token list|add|remove [NAME] [options]

API tokens: credentials for programs, which send one as "Authorization: Bearer TOKEN", in
the header Auth-Token, or to the live stream as ?access_token=TOKEN. A running server takes
changes at once, and ends the streams of a token that is removed.

  list                print the tokens: id, name, rights, end, last use
  add NAME            make a token and print it; it is kept as a hash and not shown again
  remove NAME         remove a token, by name or id

  --admin             with add: with an admin's rights; without it with a user's
  --expires WHEN      with add: never, a number of days such as 30d, or a date such as
                      2030-01-31 (default 365d)
  --config FILE       YAML configuration, for its data_dir
  --help              this text
`

const DAY_MS = 24 * 3600 * 1000
const MAX_DAYS = 36_500

/** Keeps the API tokens of a data directory. */
export const tokenCommand: Command = {
  help,
  async run(args) {
    const { values, positionals } = parseOptions({
      args,
      allowPositionals: true,
      options: { admin: { type: 'boolean' }, expires: { type: 'string' }, config: { type: 'string' } },
    })
    const [action, name, ...more] = positionals
    if (action !== 'list' && action !== 'add' && action !== 'remove') {
      throw new UsageError('the first word must be list, add or remove')
    }
    if (more.length > 0) throw new UsageError(`"${more.join(' ')}" is one word too many`)
    try {
      const tokens = new ApiTokenStore(loadConfig(values.config).data_dir)
      if (action === 'list') return printLines(tokens.list.map(lineOf))
      if (name === undefined) throw new UsageError(`${action} needs a name`)
      if (action === 'remove') {
        const token = tokens.list.find((one) => one.name === name || one.id === name)
        tokens.remove(token?.id ?? name)
        return printLines([`token "${token?.name ?? name}" removed`])
      }
      const expiresAt = values.expires === undefined ? defaultTokenEnd() : parseEnd(values.expires)
      const { text } = tokens.add({ name, admin: values.admin === true, createdBy: userInfo().username, expiresAt })
      return printLines([text])
    } catch (error) {
      if (!(error instanceof AccountError || error instanceof ConfigError)) throw error
      process.stderr.write(`hepscope: ${error.message}\n`)
      return 1
    }
  },
}

/** @returns undefined for `never` */
function parseEnd(text: string): Date | undefined {
  if (text === 'never') return undefined
  const days = /^(\d{1,5})d$/.exec(text)?.[1]
  const end = days === undefined ? new Date(text) : new Date(Date.now() + Number(days) * DAY_MS)
  if (Number.isNaN(end.getTime()) || Number(days ?? 0) > MAX_DAYS) {
    throw new UsageError(`--expires ${text} is not never, a number of days such as 30d, or a date`)
  }
  return end
}

function lineOf({ id, name, admin, active, expiresAt, lastUsedAt }: ApiToken): string {
  const rights = admin ? 'admin' : 'user'
  const end = expiresAt === undefined ? 'never expires' : `expires ${expiresAt.slice(0, 10)}`
  const use = lastUsedAt === undefined ? 'never used' : `last used ${lastUsedAt}`
  return [id, name, rights, end, use, ...(active ? [] : ['switched off'])].join('\t')
}
