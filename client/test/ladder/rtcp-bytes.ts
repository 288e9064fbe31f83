const HEX = `
  81c8000c 11223344 e8fe6c00 80000000 00010000 00000064 00003e80
  55667788 1afffffe 0001a2b3 00000050 6c008000 00018000
  81ca0004 11223344 0105 6140657879 0602 5478 00
  81cb0003 11223344 03 627965 00000000
`

/** A sender report that lost 26 of 256 at a jitter of 80, a description of a@exy, and a goodbye. */
export const RTCP = Uint8Array.from(HEX.replace(/\s/g, '').match(/../g) ?? [], (digits) => Number.parseInt(digits, 16))
