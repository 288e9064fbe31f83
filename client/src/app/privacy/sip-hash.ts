/** 128 bits that make a hash nobody else can compute. */
export type HashKey = readonly [low: bigint, high: bigint]

const utf8 = new TextEncoder()

/**
 * SipHash-2-4 of a text: 64 bits.
 *
 * @see https://www.aumasson.jp/siphash/siphash.pdf
 */
export function sipHash([low, high]: HashKey, text: string): bigint {
  return sipHashBytes([low, high], utf8.encode(text))
}

export function sipHashBytes([low, high]: HashKey, bytes: Uint8Array): bigint {
  let v0 = low ^ 0x736f6d6570736575n
  let v1 = high ^ 0x646f72616e646f6dn
  let v2 = low ^ 0x6c7967656e657261n
  let v3 = high ^ 0x7465646279746573n
  const round = (): void => {
    v0 = BigInt.asUintN(64, v0 + v1)
    v1 = rotate(v1, 13n) ^ v0
    v0 = rotate(v0, 32n)
    v2 = BigInt.asUintN(64, v2 + v3)
    v3 = rotate(v3, 16n) ^ v2
    v0 = BigInt.asUintN(64, v0 + v3)
    v3 = rotate(v3, 21n) ^ v0
    v2 = BigInt.asUintN(64, v2 + v1)
    v1 = rotate(v1, 17n) ^ v2
    v2 = rotate(v2, 32n)
  }
  const padded = new Uint8Array(Math.floor(bytes.length / 8) * 8 + 8)
  padded.set(bytes)
  padded[padded.length - 1] = bytes.length
  const view = new DataView(padded.buffer)
  for (let at = 0; at < padded.length; at += 8) {
    const word = view.getBigUint64(at, true)
    v3 ^= word
    round()
    round()
    v0 ^= word
  }
  v2 ^= 0xffn
  for (let i = 0; i < 4; i++) round()
  return v0 ^ v1 ^ v2 ^ v3
}

function rotate(value: bigint, bits: bigint): bigint {
  return BigInt.asUintN(64, (value << bits) | (value >> (64n - bits)))
}
