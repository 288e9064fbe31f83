import { B, bare, NO_TIME, NO_TIME_NO_PAYLOAD, reads, refuses, type Vector } from './vector.ts'

const CUT = ['chunk-size-ignored', 'time-missing', 'no-payload'] as const

export const REFUSED: readonly Vector[] = [
  refuses(28, 'magic-only', '48455033', 'too-short', 4),
  refuses(29, 'five-bytes', '4845503300', 'too-short', 5),
  refuses(30, 'bad-magic', '484550390006', 'unknown-format', 0),
  refuses(31, 'lower-case', '686570330006', 'unknown-format', 0),
  refuses(32, 'total-5', '484550330005', 'bad-total', 4),
  refuses(33, 'total-0', '484550330000', 'bad-total', 4),
  refuses(34, 'total+1', B.replace('330069', '33006a'), 'truncated', 105),
  refuses(35, 'total-1', B.replace('330069', '330068'), 'chunk-overrun', 97),
  refuses(36, 'chunk-len-0', '48455033001b00000001000702000000020000110000000f000741', 'bad-chunk-length', 17),
  refuses(37, 'chunk-len-3', '48455033000c000000020003', 'bad-chunk-length', 10),
  refuses(38, 'chunk-overrun', '48455033000e0000000f00204142', 'chunk-overrun', 10),
  refuses(39, 'tail-4', '484550330011000000010007020000000f', 'chunk-truncated', 13),
  refuses(40, 'u8-two-bytes, if strict', '48455033000e0000000100080203', 'bad-chunk-size', 10, { strict: true }),
  reads(40, 'u8-two-bytes', '48455033000e0000000100080203', bare, CUT),
  refuses(41, 'port-one-byte, if strict', '48455033000d00000007000713', 'bad-chunk-size', 10, { strict: true }),
  reads(41, 'port-one-byte', '48455033000d00000007000713', bare, CUT),
  reads(42, 'not-enough-elements', '48455033000d0000000f000741', { ...bare, payload: '41' }, NO_TIME),
  reads(42, 'no elements but one', '48455033000d00000002000711', { ...bare, ipProtocol: 17 }, NO_TIME_NO_PAYLOAD),
]
