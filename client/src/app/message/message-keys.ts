import type { KeyBinding } from '../palette/key-table.ts'

/** Keys of the message's text, for the sheet. */
export const MESSAGE_KEYS: readonly KeyBinding<'find' | 'next' | 'before' | 'tabs' | 'back'>[] = [
  { action: 'find', keys: ['/', 'ctrl+f'], what: 'Find in this message' },
  { action: 'next', keys: ['Enter'], what: 'While finding: next place' },
  { action: 'before', keys: ['shift+Enter'], what: 'While finding: place before' },
  { action: 'tabs', keys: ['ArrowLeft', 'ArrowRight'], what: 'On the tabs: text, SDP, bytes, comparison' },
  { action: 'back', keys: ['Escape', 'q'], what: 'Back to the ladder' },
]
