import { createContext } from 'svelte'
import type { Faults } from './faults.svelte.ts'
import type { Session } from './session/session.svelte.ts'
import type { Settings } from './settings.svelte.ts'

/** What every part of the page may use. */
export interface AppContext {
  readonly settings: Settings
  readonly session: Session
  readonly faults: Faults
}

export const [getApp, setApp] = createContext<AppContext>()
