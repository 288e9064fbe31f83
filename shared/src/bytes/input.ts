/** Most bytes that are read of one input: as many as a payload may have once it is inflated. */
export const MAX_INPUT_BYTES = 1 << 18
/** Behind an input: a line end, and as many more bytes as a read of several at once may reach across it. */
const MARGIN_BYTES = 16

/**
 * The packet or message that is being read, until the next `loadInput`.
 *
 * One place for all of them: the engine compiles address and length of a constant array into the loops that read it.
 * Loops over an array that they are handed, e.g. over each packet where it came, take twice as long; the copy is cheap.
 * A function with loops inside of loops has to name it by a local constant, else the engine does not see that it is one.
 */
export const INPUT = new Uint8Array(MAX_INPUT_BYTES + MARGIN_BYTES)
export const INPUT_VIEW = new DataView(INPUT.buffer)

/** Make `bytes` the input, from offset 0 on; what is over `MAX_INPUT_BYTES` is left out. */
export function loadInput(bytes: Uint8Array): void {
  INPUT.set(bytes.length <= MAX_INPUT_BYTES ? bytes : bytes.subarray(0, MAX_INPUT_BYTES))
}
