import { describe, expect, it } from 'vitest'
import {
  compileFilter,
  filterFaults,
  formatFilter,
  parseFilter,
  parseFlag,
  passesEverything,
} from '../../src/filter/filter.ts'
import { blockOf, hepOf, sipText } from '../event/rows.ts'

const NOTHING = { protos: [], methods: [], onlyRequests: false }

describe('parseFlag', () => {
  it.each(['1', 't', 'T', 'true', 'TRUE', 'True', 'y', 'Y', 'yes', 'Yes', 'on', 'ON', ' 1 ', '\ttrue\n'])(
    'takes "%s" for true',
    (text) => {
      expect(parseFlag(text)).toBe(true)
    },
  )

  it.each(['', ' ', '0', 'f', 'false', 'no', 'off', '2', '11', 'tru', 'yes!', undefined, null])(
    'takes "%s" for false',
    (text) => {
      expect(parseFlag(text)).toBe(false)
    },
  )
})

describe('parseFilter', () => {
  it.each([
    { query: '', expected: NOTHING },
    { query: 'proto=1', expected: { ...NOTHING, protos: [1] } },
    { query: 'proto=1&proto=100', expected: { ...NOTHING, protos: [1, 100] } },
    { query: 'proto=0', expected: { ...NOTHING, protos: [0] } },
    { query: 'proto=4294967295', expected: { ...NOTHING, protos: [4_294_967_295] } },
    { query: 'proto=4294967296', expected: NOTHING },
    { query: 'proto=%201', expected: NOTHING },
    { query: 'proto=%2B1', expected: NOTHING },
    { query: 'proto=0x1', expected: NOTHING },
    { query: 'proto=1.0', expected: NOTHING },
    { query: 'proto=1,5', expected: NOTHING },
    { query: 'proto=-1', expected: NOTHING },
    { query: 'proto=', expected: NOTHING },
    { query: 'proto=sip&proto=5', expected: { ...NOTHING, protos: [5] } },
    { query: 'method=invite&method=%20Bye%20', expected: { ...NOTHING, methods: ['INVITE', 'BYE'] } },
    { query: 'method=INVITE,BYE', expected: { ...NOTHING, methods: ['INVITE,BYE'] } },
    { query: 'method=&method=%20', expected: NOTHING },
    { query: 'only_requests=1', expected: { ...NOTHING, onlyRequests: true } },
    { query: 'only_requests=0&only_requests=1', expected: NOTHING },
    { query: 'only_requests=yes&only_requests=no', expected: { ...NOTHING, onlyRequests: true } },
    { query: 'Proto=1&access_token=x&history=5', expected: NOTHING },
    { query: 'callid=a@h&callid=b,c', expected: { ...NOTHING, narrowing: { callid: ['a@h', 'b,c'] } } },
    { query: 'code=4xx,486&code=600', expected: { ...NOTHING, narrowing: { code: ['4xx', '486', '600'] } } },
    { query: 'code=999&ip=10.0.0.0/33', expected: NOTHING },
    { query: 'ip=10.0.0.0/8,%20::1', expected: { ...NOTHING, narrowing: { ip: ['10.0.0.0/8', '::1'] } } },
    {
      query: 'node=a,b&agent=7&user=al',
      expected: { ...NOTHING, narrowing: { agent: ['7'], node: ['a', 'b'], user: ['al'] } },
    },
    { query: 'callid=&user=%20', expected: NOTHING },
    { query: 'q=method:BYE%20or%20code:4xx', expected: { ...NOTHING, q: 'method:BYE or code:4xx' } },
    { query: 'q=(method:BYE', expected: NOTHING },
    { query: 'q=', expected: NOTHING },
  ])('reads "$query"', ({ query, expected }) => {
    expect(parseFilter(new URLSearchParams(query))).toEqual(expected)
  })
})

describe('filterFaults', () => {
  it.each([
    { query: '', faults: [] },
    { query: 'proto=1&method=INVITE&only_requests=no&callid=x&code=4xx&ip=10.0.0.0/8&q=from:alice', faults: [] },
    { query: 'proto=1,5', faults: [['proto', '"1,5" is no HEP protocol type (0 to 4294967295)']] },
    { query: 'method=%20', faults: [['method', 'a method is missing']] },
    {
      query: 'only_requests=maybe',
      faults: [['only_requests', '"maybe" is neither 1, true, yes, on nor 0, false, no, off']],
    },
    { query: 'code=200,20', faults: [['code', '"20" is no status code; use 486 or 4xx']] },
    { query: 'ip=example.com', faults: [['ip', '"example.com" is no IP address or network such as 10.0.0.0/8']] },
    { query: 'user=', faults: [['user', 'a value is missing']] },
    { query: 'q=method:BYE%20and%20(code:4x', faults: [['q', '"4x" is no status code; use 486 or 4xx', 21]] },
  ])('of "$query"', ({ query, faults }) => {
    const found = filterFaults(new URLSearchParams(query))
    expect(found.map(({ parameter, message, at }) => [parameter, message, ...(at === undefined ? [] : [at])])).toEqual(
      faults,
    )
  })
})

describe('formatFilter', () => {
  it.each([
    { name: 'nothing', filter: NOTHING, text: '' },
    {
      name: 'keys and values in order, each once',
      filter: { protos: [100, 5, 100], methods: ['INVITE', 'BYE', 'INVITE'], onlyRequests: true },
      text: 'method=BYE&method=INVITE&only_requests=1&proto=5&proto=100',
    },
    {
      name: 'the further parameters',
      filter: { ...NOTHING, narrowing: { user: ['b', 'a'], code: ['4xx'] }, q: 'from:x' },
      text: 'code=4xx&q=from%3Ax&user=a&user=b',
    },
    { name: 'odd names', filter: { ...NOTHING, methods: ['A&B=C'] }, text: 'method=A%26B%3DC' },
  ])('writes $name', ({ filter, text }) => {
    expect(formatFilter(filter)).toBe(text)
    expect(formatFilter(parseFilter(new URLSearchParams(text)))).toBe(text)
  })
})

const PACKETS = {
  invite: hepOf(sipText('INVITE sip:b@h SIP/2.0', 'CSeq: 1 INVITE')),
  ok: hepOf(sipText('SIP/2.0 200 OK', 'CSeq: 1 INVITE')),
  ack: hepOf(sipText('ACK sip:b@h SIP/2.0', 'CSeq: 1 ACK')),
  cancel: hepOf(sipText('CANCEL sip:b@h SIP/2.0', 'CSeq: 1 CANCEL')),
  noCseq: hepOf(sipText('INVITE sip:b@h SIP/2.0')),
  okNoCseq: hepOf(sipText('SIP/2.0 200 OK')),
  lowerCase: hepOf(sipText('invite sip:b@h SIP/2.0', 'CSeq: 1 invite')),
  foo: hepOf(sipText('Foo sip:b@h SIP/2.0', 'CSeq: 1 Foo')),
  garbage: hepOf('garbage'),
  rtcp: hepOf('{}', { protocolType: 5 }),
  log: hepOf('INVITE', { protocolType: 100 }),
  type0: hepOf('x', { protocolType: 0 }),
}
const NAMES = Object.keys(PACKETS)
const NOT_SIP = ['rtcp', 'log', 'type0']
const block = blockOf(Object.values(PACKETS))

describe('compileFilter', () => {
  it.each([
    { query: '', passes: NAMES },
    { query: 'proto=1', passes: NAMES.filter((name) => !NOT_SIP.includes(name)) },
    { query: 'proto=5&proto=100', passes: ['rtcp', 'log'] },
    { query: 'proto=0', passes: ['type0'] },
    { query: 'proto=257', passes: [] },
    { query: 'proto=x', passes: NAMES },
    { query: 'method=INVITE', passes: ['invite', 'ok', 'noCseq', 'lowerCase', ...NOT_SIP] },
    { query: 'method=invite&proto=1', passes: ['invite', 'ok', 'noCseq', 'lowerCase'] },
    { query: 'method=ACK&method=CANCEL&proto=1', passes: ['ack', 'cancel'] },
    { query: 'method=INVITE,BYE', passes: NOT_SIP },
    { query: 'method=foo', passes: ['foo', ...NOT_SIP] },
    { query: 'method=BAR', passes: NOT_SIP },
    { query: 'method=BAR&method=ACK', passes: ['ack', ...NOT_SIP] },
    { query: 'method=BAR&proto=5', passes: ['rtcp'] },
    { query: 'only_requests=1', passes: NAMES.filter((name) => name !== 'ok' && name !== 'okNoCseq') },
    { query: 'only_requests=1&method=INVITE&proto=1', passes: ['invite', 'noCseq', 'lowerCase'] },
    { query: 'only_requests=1&proto=5', passes: ['rtcp'] },
    { query: 'code=2xx', passes: ['ok', 'okNoCseq'] },
    { query: 'code=486', passes: [] },
    { query: 'q=method:ACK or method:CANCEL', passes: ['ack', 'cancel'] },
    { query: 'method=INVITE&q=code:200', passes: ['ok'] },
    { query: 'node=other', passes: [] },
    { query: 'node=n', passes: [] },
    { query: 'node=n*', passes: NAMES },
  ])('lets pass "$query"', ({ query, passes }) => {
    const filter = parseFilter(new URLSearchParams(query))
    const predicate = compileFilter(filter)
    expect(NAMES.filter((_, row) => predicate(block, row))).toEqual(passes)
    expect(passesEverything(filter)).toBe(query === '' || query === 'proto=x')
  })
})
