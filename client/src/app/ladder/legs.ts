/** Letters of the legs of a ladder, in order of appearance: A to Z, then AA and so on. */
export class Legs {
  readonly #letters = new Map<string, string>()

  /** @param callIds those whose letters are fixed, the A leg first */
  constructor(callIds: readonly string[]) {
    for (const callId of callIds) this.letterOf(callId)
  }

  /** Letter of a Call-ID, a new one if it has none; `''` for no Call-ID. */
  letterOf(callId: string): string {
    if (callId === '') return ''
    let letter = this.#letters.get(callId)
    if (letter === undefined) {
      letter = letterAt(this.#letters.size)
      this.#letters.set(callId, letter)
    }
    return letter
  }
}

function letterAt(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26))
  return index < 26 ? letter : letterAt(Math.floor(index / 26) - 1) + letter
}
