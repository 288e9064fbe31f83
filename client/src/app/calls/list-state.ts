import type { ListSnapshot } from './live-feed.svelte.ts'

/** `live` follows the newest calls; `paused` stands still among them, `history` among older ones of the store. */
export type ListState = 'live' | 'paused' | 'history'

export function listStateOf({ isFollowing, rows }: Pick<ListSnapshot, 'isFollowing' | 'rows'>): ListState {
  if (isFollowing) return 'live'
  // Keys of calls from the store are negative.
  return (rows[rows.length >> 1]?.key ?? 0) < 0 ? 'history' : 'paused'
}
