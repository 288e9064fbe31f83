import type { RateName } from '../../worker/figures/rate-watch.ts'

/** How a rate is drawn: a colour of the theme, and dashes that tell it from the others without the colour. */
export interface RateLine {
  readonly token: string
  /** Lengths of stroke and gap, pixels; none for a whole line. */
  readonly dash: readonly number[]
}

export const LINES: Readonly<Record<RateName, RateLine>> = {
  INVITE: { token: '--leg-1', dash: [] },
  REGISTER: { token: '--leg-3', dash: [6, 3] },
  OPTIONS: { token: '--leg-5', dash: [2, 2] },
  SUBSCRIBE: { token: '--leg-4', dash: [8, 3, 2, 3] },
  BYE: { token: '--leg-2', dash: [4, 4] },
  other: { token: '--soft', dash: [1, 3] },
  '1xx': { token: '--soft', dash: [1, 3] },
  '2xx': { token: '--ok', dash: [] },
  '3xx': { token: '--off', dash: [8, 3, 2, 3] },
  '4xx': { token: '--wait', dash: [6, 3] },
  '5xx': { token: '--bad', dash: [2, 2] },
  '6xx': { token: '--leg-4', dash: [4, 4] },
}
