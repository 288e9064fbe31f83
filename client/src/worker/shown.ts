import type { ViewCommand } from './live-session.ts'

/** What a list shows, to be told to a session that takes the place of another: the last command of each kind. */
export class Shown {
  readonly #last = new Map<ViewCommand['type'], ViewCommand>()

  note(command: ViewCommand): void {
    const isWish = command.type === 'older' || command.type === 'rows'
    // A wish of the moment is no state.
    if (!isWish) this.#last.set(command.type, command)
  }

  tellAll(take: (command: ViewCommand) => void): void {
    for (const command of this.#last.values()) take(command)
  }
}
