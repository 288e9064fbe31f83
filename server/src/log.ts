import { pino, type Logger } from 'pino'
import pretty from 'pino-pretty'
import type { Config } from './config/schema.ts'

export type { Logger } from 'pino'

/** Credentials as they may get into a line: in an address, a header or an error's text. */
const SECRETS: readonly [RegExp, string][] = [
  [/(access_token=)[^&\s"'\\]+/g, '$1***'],
  [/(hepscope_[0-9a-f]{12}_)[\w-]{43}/g, '$1***'],
  // A JWT's first letters are `{"` in base64url.
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '***'],
]

/**
 * The process log: one readable line an entry, fields behind the words, credentials never. Parts take a child each.
 *
 * @param destination what takes the lines
 */
export function openLog(level: Config['log']['level'], destination: NodeJS.WritableStream = process.stdout): Logger {
  const stream = pretty({
    destination,
    colorize: process.stdout.isTTY,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
    sync: true,
  })
  return pino({ level, hooks: { streamWrite: withoutSecrets } }, stream)
}

function withoutSecrets(line: string): string {
  return SECRETS.reduce((text, [secret, shown]) => text.replace(secret, shown), line)
}
