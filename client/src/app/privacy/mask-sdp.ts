import type { Masker } from './masker.ts'

/** Attributes whose values are secrets or names. */
const SECRET = /^a=(crypto|key-mgmt|ice-pwd|ice-ufrag|cname|identity)\b/i

/** A session description with its addresses masked and without its names and keys. */
export function maskSdp(body: string, masker: Masker): string {
  return body.replace(/[^\r\n]+/g, (line) => maskLine(line, masker))
}

function maskLine(line: string, masker: Masker): string {
  switch (line.slice(0, 2)) {
    case 'o=':
      return connection(line.replace(/^o=\S+/, 'o=-'), masker)
    case 's=':
    case 'i=':
    case 'u=':
    case 'e=':
    case 'p=':
    case 'k=':
      return `${line.slice(0, 2)}-`
    case 'a=': {
      const [, name] = SECRET.exec(line) ?? []
      if (name !== undefined) return `a=${name}:masked`
      return connection(line.replace(/\bcname:\S+/i, 'cname:masked'), masker)
    }
    default:
      return connection(line, masker)
  }
}

/** `IN IP4 host` may name a host. */
function connection(line: string, masker: Masker): string {
  const named = line.replace(
    /\b(IN IP[46] )([^\s/]+)/,
    (_, network: string, host: string) => network + masker.host(host),
  )
  return named === line ? masker.text(line) : named
}
