/** Files that were dropped on the page and wait for the view that reads them. */
export class Drops {
  #files = $state.raw<readonly File[]>([])

  put(files: readonly File[]): void {
    this.#files = files
  }

  /** What waits; it does not wait any more then. */
  take(): readonly File[] {
    const files = this.#files
    if (files.length > 0) this.#files = []
    return files
  }
}
