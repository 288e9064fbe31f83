import type { Command, CommandGroup } from './commands.svelte.ts'
import { fuzzyScore } from './fuzzy.ts'

/** A command that can be run, and the group that it is in. */
export interface Match {
  readonly group: string
  readonly command: Command & { readonly run: () => void }
}

/** The commands that can be run and match a query, the best first; as they come if it is empty. */
export function matchesOf(groups: readonly CommandGroup[], query: string): readonly Match[] {
  const scored = groups.flatMap(({ title, commands }) =>
    commands.flatMap(({ run, ...command }) => {
      const score = fuzzyScore(query, `${command.name} ${title}`)
      return run === undefined || score === undefined
        ? []
        : [{ score, match: { group: title, command: { ...command, run } } }]
    }),
  )
  // Of equal ones, the order of the groups stays.
  if (query.trim() !== '') scored.sort((a, b) => b.score - a.score)
  return scored.map(({ match }) => match)
}
