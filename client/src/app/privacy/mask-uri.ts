import type { Masker } from './masker.ts'

const SIP_URI = /\b(sips?:)(?:([^@\s<>"]*)@)?(\[[^\]\s]*\]|[^\s<>"';:?,&)=/\\]+)([^\s<>",]*)/gi
const TEL_URI = /\b((?:tel|fax|im|pres|xmpp|mailto|urn):)([^\s<>",;]+)([^\s<>",]*)/gi
const WEB_URI = /\b((?:https?|ldaps?|wss?):\/\/)([^\s/<>",;]+)([^\s<>",]*)/gi
const HOST_PARAMETER = /;\s*(maddr|received|alias|sent-by)=([^\s;,>]+)/gi
const NUMBER_PARAMETER = /;\s*(phone-context|rn|cic|tgrp|trunk-context|isub|ext)=[^\s;,>]+/gi
const DISPLAY_NAME = /(^|,)(\s*)("(?:[^"\\]|\\.)*"|[^\s"<>,;:@=][^"<>,;:@=]*?)(\s*)</g
const SENT_BY = /(\bSIP\s*\/\s*2\.0\s*\/\s*\w+\s+)(\[[^\]\s]*\]|[^\s;:,]+)/gi

/** Every URI in a text: user, host, and what may be attached. */
export function maskUris(text: string, masker: Masker): string {
  return text
    .replace(SIP_URI, (_, scheme: string, user: string | undefined, host: string, rest: string) => {
      const who = user === undefined ? '' : `${masker.user(user)}@`
      return scheme.toLowerCase() + who + masker.host(host) + rest.replace(/\?.*$/s, '?masked=1')
    })
    .replace(TEL_URI, (_, scheme: string, name: string, rest: string) => scheme + masker.user(name) + rest)
    .replace(WEB_URI, (_, scheme: string, host: string) => `${scheme}${masker.endpoint(host)}/`)
    .replace(HOST_PARAMETER, (_, name: string, host: string) => `;${name}=${masker.endpoint(host)}`)
    .replace(NUMBER_PARAMETER, (_, name: string) => `;${name}=masked`)
}

/** A value with URIs and display names: `"Alice" <sip:…>`. */
export function maskNameAddr(value: string, masker: Masker): string {
  const named = value.replace(DISPLAY_NAME, (_, comma: string, space: string, name: string, gap: string) => {
    const bare = name.replace(/^"|"$/g, '')
    return `${comma}${space}${bare === '' ? name : `"${masker.user(bare)}"`}${gap}<`
  })
  return masker.text(maskUris(named, masker))
}

/** A Via, with the host that sent it. */
export function maskVia(value: string, masker: Masker): string {
  const sent = value.replace(SENT_BY, (_, before: string, host: string) => before + masker.host(host))
  return masker.text(
    sent.replace(HOST_PARAMETER, (_, name: string, host: string) => `;${name}=${masker.endpoint(host)}`),
  )
}

/** Pseudonyms of the users and host names in the URIs of a text, by how they are written there. */
export function partiesOf(text: string, masker: Masker): ReadonlyMap<string, string> {
  const parties = new Map<string, string>()
  for (const [, , user = '', host = ''] of text.matchAll(SIP_URI)) {
    parties.set(host, masker.host(host))
    const [name = ''] = user.split(/[;:]/, 1)
    parties.set(name, masker.user(name))
  }
  for (const [, , name = ''] of text.matchAll(TEL_URI)) parties.set(name, masker.user(name))
  return parties
}
