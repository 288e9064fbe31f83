import { createContext } from 'svelte'
import type { Faults } from './faults.svelte.ts'
import type { Drops } from './files/drops.svelte.ts'
import type { Aliases } from './ladder/aliases/aliases.svelte.ts'
import type { Commands } from './palette/commands.svelte.ts'
import type { Session } from './session/session.svelte.ts'
import type { Settings } from './settings.svelte.ts'
import type { Kept } from './views/kept.ts'
import type { Router } from './views/router.svelte.ts'
import type { ViewName } from './views/view-url.ts'

/** A view as the navigation names it. */
export interface NavItem {
  readonly name: ViewName
  readonly title: string
  readonly about: string
}

/** What every part of the page may use. */
export interface AppContext {
  readonly settings: Settings
  readonly session: Session
  readonly faults: Faults
  /** Names of hosts, for the ladder and every list. */
  readonly aliases: Aliases
  readonly router: Router
  /** What can be done now. */
  readonly commands: Commands
  /** What outlives the views of one login. */
  readonly kept: Kept
  readonly drops: Drops
  readonly nav: readonly NavItem[]
}

export const [getApp, setApp] = createContext<AppContext>()
