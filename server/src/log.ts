import { pino, type Logger } from 'pino'
import pretty from 'pino-pretty'
import type { Config } from './config/schema.ts'

export type { Logger } from 'pino'

/** The process log: one readable line an entry, fields behind the words. Parts take a child each. */
export function openLog(level: Config['log']['level']): Logger {
  const stream = pretty({
    colorize: process.stdout.isTTY,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
    sync: true,
  })
  return pino({ level }, stream)
}
