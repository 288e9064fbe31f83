import type { LadderAction } from './ladder-keys.ts'

/** Share of the pane in percent. */
export const DEFAULT_SHARE = 34
const LEAST = 14
const MOST = 80
const STEP = 8

/** How much of the ladder's pane the message has. */
export class MessageSize {
  share = $state(DEFAULT_SHARE)
  isHidden = $state(false)

  show(): void {
    this.isHidden = false
  }

  act(action: LadderAction): void {
    if (action === 'hide-message') this.isHidden = !this.isHidden
    else if (action === 'grow-message') this.share = Math.min(MOST, this.share + STEP)
    else if (action === 'shrink-message') this.share = Math.max(LEAST, this.share - STEP)
    else if (action === 'reset-message') this.share = DEFAULT_SHARE
  }
}
