/** A place in a line: what stands there and its neighbours. */
export class Place<T> {
  readonly item: T
  before: Place<T> | undefined = undefined
  after: Place<T> | undefined = undefined

  constructor(item: T) {
    this.item = item
  }
}

/**
 * Things in the order in which they came, any of which may leave. To find its first, a Set or a Map passes over all that
 * left before: much, where for each that comes the oldest goes.
 */
export class Line<T> {
  #first: Place<T> | undefined
  #last: Place<T> | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  get first(): Place<T> | undefined {
    return this.#first
  }

  /** Put at the end a place that is in no line. */
  add(place: Place<T>): void {
    place.before = this.#last
    if (this.#last === undefined) this.#first = place
    else this.#last.after = place
    this.#last = place
    this.#size++
  }

  /** Take out a place that is in this line. */
  remove(place: Place<T>): void {
    const { before, after } = place
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    place.before = place.after = undefined
    this.#size--
  }

  clear(): void {
    this.#first = this.#last = undefined
    this.#size = 0
  }
}
