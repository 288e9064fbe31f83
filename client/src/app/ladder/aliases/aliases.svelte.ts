import { aliasOf, type AliasTable, NO_ALIASES } from './alias-table.ts'
import { formatAliases, parseAliases } from './sngrep-rc.ts'

const KEY = 'hepscope.aliases'

/** Names that a person has given to hosts, kept in the browser as text that sngrep reads, too. */
export class Aliases {
  table = $state.raw<AliasTable>(NO_ALIASES)

  constructor() {
    this.table = parseAliases(readStored()).aliases
  }

  /** Name of an endpoint; `''` if it has none. */
  nameOf(ip: string, port: number): string {
    return aliasOf(this.table, ip, port)
  }

  /** Put another table in the place of this one. */
  replace(table: AliasTable): void {
    this.table = table
    store(formatAliases(table))
  }
}

function readStored(): string {
  try {
    return localStorage.getItem(KEY) ?? ''
  } catch {
    return ''
  }
}

function store(text: string): void {
  try {
    localStorage.setItem(KEY, text)
  } catch {
    // Storage may be full or forbidden; the names then last as long as the page.
  }
}
