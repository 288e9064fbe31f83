const STORAGE_KEY = 'hepscope.filters'
const MOST = 20

/** Filters that were used, the latest first, kept in the browser. */
export class RecentFilters {
  #filters: readonly string[] = read()

  get all(): readonly string[] {
    return this.#filters
  }

  /** Put a filter on top. Empty ones are none. */
  add(filter: string): void {
    const text = filter.trim()
    if (text === '' || text === this.#filters[0]) return
    this.#filters = [text, ...this.#filters.filter((other) => other !== text)].slice(0, MOST)
    try {
      localStorage.setItem(STORAGE_KEY, JSON.stringify(this.#filters))
    } catch {
      // Storage may be forbidden; they then last as long as the page.
    }
  }
}

function read(): readonly string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '[]')
    return Array.isArray(stored) ? stored.filter((each) => typeof each === 'string').slice(0, MOST) : []
  } catch {
    return []
  }
}
