/** A key and what it does now; pressing the button is the same as the key. */
export interface KeyAction {
  readonly key: string
  /** Other keys for the same, of those that sngrep taught. */
  readonly also?: readonly string[]
  readonly name: string
  readonly run: () => void
}
