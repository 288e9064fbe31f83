import type { Component } from 'svelte'
import type { ViewProps } from './view-props.ts'
import type { ViewName } from './view-url.ts'

interface View {
  readonly title: string
  /** What it is for, on pointing at its name. */
  readonly about: string
  readonly load: () => Promise<{ readonly default: Component<ViewProps> }>
}

/** Every view, in the order of the navigation. Loaded when it is first shown. */
export const VIEWS: Readonly<Record<ViewName, View>> = {
  live: { title: 'Live', about: 'Calls as they happen', load: () => import('./Live.svelte') },
  figures: {
    title: 'Figures',
    about: 'Service level, rates and peers, live',
    load: () => import('./Figures.svelte'),
  },
  search: { title: 'Search', about: 'Stored calls and messages', load: () => import('./Search.svelte') },
  replay: { title: 'Replay', about: 'Calls as they were at a moment', load: () => import('./Replay.svelte') },
  file: { title: 'File', about: 'A capture of your own, read in this browser', load: () => import('./File.svelte') },
  ops: {
    title: 'Capture',
    about: 'Does everything arrive? Nodes, agents, listeners',
    load: () => import('./Ops.svelte'),
  },
}
