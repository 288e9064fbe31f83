import { maskWords } from './mask-words.ts'
import { privacy } from './privacy.svelte.ts'

/** What is shown of a sentence: all of it, or no address, host or number of it while privacy is on. */
export function shownWords(text: string): string {
  const { masker } = privacy
  return masker === undefined ? text : maskWords(text, masker)
}
