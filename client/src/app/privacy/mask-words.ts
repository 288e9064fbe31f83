import { maskUris } from './mask-uri.ts'
import type { Masker } from './masker.ts'

const WORD = /[^\s"“”'()<>[\]{},;]+/g
const URI = /^(?:sips?|tel|https?|wss?|mailto):/i
const ENDPOINT = /^(?=.*[a-z])[\w.-]+:\d+$/i
/** Counts have a comma before so many digits. */
const NUMBER = /^[+*#]?\d{5,}$/

/** A sentence for people, of this page or of a server, with pseudonyms for the addresses, hosts and numbers in it. */
export function maskWords(text: string, masker: Masker): string {
  return text.replace(WORD, (found) => {
    const [, word = '', end = ''] = /^(.*?)([.:!?…]*)$/s.exec(found) ?? []
    return maskWord(word, masker) + end
  })
}

function maskWord(word: string, masker: Masker): string {
  if (URI.test(word)) return maskUris(word, masker)
  if (word.includes('@')) return masker.word(word)
  if (NUMBER.test(word)) return masker.user(word)
  return ENDPOINT.test(word) ? masker.endpoint(word) : masker.name(word)
}
