import { formatIp, parseIp } from '@hepscope/shared/net/ip.ts'
import type { AliasTable } from './alias-table.ts'

/** Most aliases of a table and longest name. */
export const MAX_ALIASES = 2000
export const MAX_NAME = 64
const MAX_LINES = 20_000

/** What was read of a list of aliases, and the lines that made no sense. */
export interface ParsedAliases {
  readonly aliases: AliasTable
  readonly faults: readonly AliasFault[]
}

export interface AliasFault {
  /** From 1 on. */
  readonly line: number
  readonly message: string
}

/**
 * Read the `alias` lines of a configuration file of sngrep, e.g. `alias 10.0.0.1 sbc1`, or lines of address and name
 * alone. Its other settings, comments and empty lines are passed over.
 *
 * @see sngrep(8) and its sngreprc: `alias <address>[:port] <name>`
 */
export function parseAliases(text: string): ParsedAliases {
  const aliases = new Map<string, string>()
  const faults: AliasFault[] = []
  for (const [index, whole] of text.split(/\r?\n/, MAX_LINES).entries()) {
    const line = whole.replace(/(^|\s)#.*$/, '').trim()
    if (line === '') continue
    const [first = '', ...rest] = line.split(/\s+/)
    const isAlias = first.toLowerCase() === 'alias'
    // Another setting: `set capture.limit 20000`, `bind …`, `unbind …`.
    if (!isAlias && (first === 'set' || first === 'bind' || first === 'unbind')) continue
    const [address = '', ...words] = isAlias ? rest : [first, ...rest]
    const fault = (message: string): void => void faults.push({ line: index + 1, message })
    const key = addressKey(address)
    const name = words.join(' ').replace(/^"(.*)"$/, '$1')
    if (key === undefined) fault(`"${address.slice(0, 60)}" is no address`)
    else if (name === '') fault(`${address} has no name`)
    else if (name.length > MAX_NAME) fault(`the name of ${address} is longer than ${MAX_NAME} characters`)
    else if (aliases.size >= MAX_ALIASES && !aliases.has(key)) fault(`more than ${MAX_ALIASES} aliases`)
    else aliases.set(key, name)
  }
  return { aliases, faults }
}

/** The same as lines that sngrep reads, too, in order of address. */
export function formatAliases(table: AliasTable): string {
  return [...table]
    .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([address, name]) => `alias ${address} ${name}\n`)
    .join('')
}

/** `10.0.0.1`, `10.0.0.1:5060`, `::1`, `[::1]` or `[::1]:5060`, in the form that events have; undefined if it is none. */
function addressKey(text: string): string | undefined {
  const [, bracketed, bracketPort] = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(text) ?? []
  const [, plain, plainPort] = /^([\d.]+):(\d{1,5})$/.exec(text) ?? []
  const ip = canonicalIp(bracketed ?? plain ?? text)
  const port = bracketPort ?? plainPort
  if (ip === undefined || Number(port ?? 0) > 0xffff) return undefined
  if (port === undefined || Number(port) === 0) return ip
  return ip.includes(':') ? `[${ip}]:${Number(port)}` : `${ip}:${Number(port)}`
}

function canonicalIp(text: string): string | undefined {
  const bytes = parseIp(text)
  return bytes === undefined ? undefined : formatIp(bytes, 0, bytes.length)
}
