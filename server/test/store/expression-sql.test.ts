import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { parseExpression } from '@hepscope/shared/filter/expression.ts'
import { compileExpression } from '@hepscope/shared/filter/match.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import { openEngine, type StoreEngine } from '../../src/store/engine.ts'
import { Blocks, packetOf, sipText } from './blocks.ts'
import { type Row, search } from './data-dir.ts'

const NAMES = ['alice', 'Alice', 'bob', 'al', 'a_b%c', "o'neil", 'zoë', 'ЖУК', 'x\\y', '世界', '1001', 'x y']
const IPV4 = ['10.0.0.1', '10.0.9.17', '10.128.0.1', '192.0.2.200', '100.0.0.1', '0.0.0.0']
const IPV6 = [
  '2001:db8::1',
  '2001:db8:0:9::17',
  '::1',
  '::',
  'fe80::a:b',
  '2001:db8:1:2:3:4:5:6',
  '1::',
  '::ffff:a00:1',
]
const CODES = ['100', '180', '183', '200', '401', '486', '487', '503', '603']
const METHODS = ['INVITE', 'BYE', 'REGISTER', 'OPTIONS', 'FOO', 'foo']
const CALL_IDS = ['call-1@example.com', 'CALL-1@x', 'b2b_1', '50%', 'a*b', 'zoë@x', 'call']
const AGENTS = ['edge', 'Edge-2', '205', '']
const HEADERS_SAFE = NAMES.filter((name) => !/[ ']/.test(name))

const randomPacket: fc.Arbitrary<HepPacket> = fc
  .record({
    start: fc.oneof(
      fc.constantFrom(...METHODS).map((method) => ({ line: `${method} sip:bob@host SIP/2.0`, method })),
      fc.tuple(fc.constantFrom(...CODES), fc.constantFrom(...METHODS)).map(([code, method]) => ({
        line: `SIP/2.0 ${code} Some Reason`,
        method,
      })),
      fc.constant({ line: '', method: '' }),
    ),
    from: fc.constantFrom(...HEADERS_SAFE, ''),
    to: fc.constantFrom(...HEADERS_SAFE, ''),
    callId: fc.constantFrom(...CALL_IDS),
    userAgent: fc.constantFrom('Phone 1.0', 'phone 2.0 (x)', 'Яблоко', ''),
    protocolType: fc.constantFrom(1, 1, 1, 1, 5, 34, 100),
    isIpv6: fc.boolean(),
    ipv4: fc.tuple(fc.constantFrom(...IPV4), fc.constantFrom(...IPV4)),
    ipv6: fc.tuple(fc.constantFrom(...IPV6), fc.constantFrom(...IPV6)),
    ports: fc.tuple(fc.constantFrom(0, 5060, 5061), fc.constantFrom(5060, 5080, 65535)),
    agentId: fc.constantFrom(0, 205, 2001),
    agentName: fc.constantFrom(...AGENTS),
    correlationId: fc.constantFrom(...CALL_IDS, ''),
  })
  .map(({ start, from, to, callId, userAgent, protocolType, isIpv6, ipv4, ipv6, ports, agentId, ...rest }) => {
    const { agentName, correlationId } = rest
    const [srcIp, dstIp] = isIpv6 ? ipv6 : ipv4
    const payload =
      start.line === ''
        ? 'no SIP at all'
        : sipText({
            startLine: start.line,
            from: `<sip:${from}@From.example>;tag=1`,
            to: `<sip:${to}@to.example>`,
            callId,
            cseq: `1 ${start.method}`,
            userAgent,
          })
    return packetOf(payload, {
      protocolType,
      srcIp,
      dstIp,
      srcPort: ports[0],
      dstPort: ports[1],
      agentId,
      ...(agentName !== '' && { agentName }),
      ...(correlationId !== '' && { correlationId }),
    })
  })

/** A text as it is, in another case, with wildcards in it, or a part of it. */
function variants(texts: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.constantFrom(...texts.filter((text) => text !== '')),
      fc.integer({ min: 0, max: 6 }),
      fc.nat(8),
      fc.nat(8),
    )
    .map(([text, how, a, b]) => {
      const from = a % text.length
      const part = text.slice(from, from + 1 + (b % text.length))
      return (
        [text, text.toUpperCase(), part, `*${part}`, `${part}*`, `*${part}*`, `${text.slice(0, 1)}*${text.slice(-1)}`][
          how
        ] ?? '*'
      )
    })
}
const networks = fc
  .oneof(
    fc.tuple(fc.constantFrom(...IPV4), fc.integer({ min: 0, max: 32 })),
    fc.tuple(fc.constantFrom(...IPV6), fc.integer({ min: 0, max: 128 })),
  )
  .chain(([ip, bits]) => fc.constantFrom(ip, `${ip}/${bits}`))
const words = fc.oneof(
  variants([...NAMES, ...CALL_IDS, ...AGENTS, 'example', 'Reason']),
  variants([...IPV4, ...IPV6]),
  networks,
  fc.constantFrom('0', '200', 'invite', 'BYE', '*', ''),
  fc.constantFrom(...IPV4).map((ip) => `${ip}:5060`),
  fc.constantFrom(...IPV6).map((ip) => `[${ip}]:5060`),
)
const quoted = (value: string): string => `"${value}"`
const sign = fc.constantFrom(':', '=')
const field = (names: readonly string[], values: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(...names), sign, values).map(([name, is, value]) => `${name}${is}${quoted(value)}`)
const condition = fc.oneof(
  field(['from', 'to', 'user'], variants(NAMES)),
  field(['callid'], variants(CALL_IDS)),
  field(['ua'], variants(['Phone 1.0', 'phone 2.0 (x)', 'Яблоко'])),
  field(['method'], variants(METHODS)),
  field(['code'], fc.constantFrom(...CODES, '1xx', '4XX', '6xx')),
  field(['ip', 'src', 'dst'], networks),
  field(['port'], fc.constantFrom('0', '5060', '65535', '00080')),
  field(['proto'], fc.constantFrom('1', '5', '100', '7')),
  field(['agent'], variants(AGENTS)),
  field(['node'], fc.constantFrom('node-1', 'NODE', 'node*', '2')),
  field(['epoch'], fc.constantFrom('1763769600000', '7000', '0', '1')),
  field(['seq'], fc.integer({ min: 0, max: 125 }).map(String)),
  words.map(quoted),
)
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    condition,
    fc
      .tuple(tie('expression'), fc.constantFrom(' and ', ' or ', ' '), tie('expression'))
      .map(([a, word, b]) => `(${a}${word}${b})`),
    tie('expression').map((inner) => `not ${inner}`),
  ),
}))

describe('q in SQL', () => {
  let directory: string
  let engine: StoreEngine
  const blocks: EventBlock[] = []

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'hepscope-q-'))
    engine = await openEngine({ dataDir: directory, memoryLimit: '512MB', insertDelayMs: 1 })
    const writers = [new Blocks('node-1'), new Blocks('Node-2', 7_000)]
    const packets = fc.sample(randomPacket, { numRuns: 240, seed: 20_251_122 })
    for (let i = 0; i < 8; i++) {
      const part = packets.slice(i * 30, i * 30 + 30)
      const block = writers[i % 2]?.of(...part)
      if (block === undefined) throw new Error('no writer')
      blocks.push(block)
      engine.append(block)
      if (i === 3) await engine.seal()
    }
    await engine.flush()
  })
  afterAll(async () => {
    await engine.close()
    rmSync(directory, { recursive: true })
  })

  function foundInBlocks(text: string): string[] {
    const parsed = parseExpression(text)
    if (!parsed.ok) throw new Error(`${text}: ${parsed.message}`)
    const accepts = compileExpression(parsed.expression)
    return blocks
      .flatMap((block) =>
        Array.from({ length: block.count }, (_, row) =>
          accepts(block, row) ? [`${block.node} ${block.seq(row)}`] : [],
        ).flat(),
      )
      .sort()
  }

  async function foundInStore(q: string): Promise<string[]> {
    const rows = await search(engine, { q, param: { limit: 1000 } })
    return rows.map(({ node, seq }) => `${String(node)} ${String(seq)}`).sort()
  }

  it('finds what the same expression finds in blocks', async () => {
    let some = 0
    await fc.assert(
      fc.asyncProperty(expression, async (q) => {
        const expected = foundInBlocks(q)
        if (expected.length > 0 && expected.length < 240) some++
        expect(await foundInStore(q)).toEqual(expected)
      }),
      { numRuns: 200 },
    )
    // Expressions that find nothing, or everything, would prove little.
    expect(some).toBeGreaterThan(60)
  }, 120_000)

  it.each([
    'callid=call-1@example.com',
    'callid:CALL-1',
    'from:zoë',
    'from:жук',
    'to=ЖУК',
    'user:"a_b%c"',
    'user:a?b',
    'user:x\\y',
    'from:*',
    'not from:*',
    'method:foo',
    'method:F*',
    'code:4xx',
    'code=486 or code:2xx',
    'ip:10.0.8.0/21',
    'ip:10.0.0.0/9',
    'src:0.0.0.0/0',
    'dst:::/0',
    'ip:2001:db8::/32',
    'ip:2001::/16',
    'ip:2001:db8:1:2:3:4:5::/112',
    'ip:fe80::/10',
    'ip:::/1',
    'ip:0:1::/32',
    'ip:2001:db8::/45',
    'ip:2001:DB8:0::/47',
    'ip:::1',
    '-ip:10.0.0.0/8',
    'port:65535 proto:1',
    'proto:5',
    'not proto:1',
    'agent:205',
    'agent:EDGE',
    'node=node-2',
    'epoch:7000',
    'node=node-1 epoch=1763769600000 seq=42',
    'node=node-2 epoch:7000 seq:119',
    'node=node-2 epoch:1763769600000 seq:119',
    'seq:3',
    'not seq:3',
    'seq:9007199254740991',
    '10.0.9.17:5060',
    '[2001:db8::1]:5060',
    '[2001:db8::/32]:5060',
    '2001:db8::/33',
    '0',
    '""',
    '486',
    'invite',
    "o'neil",
    "' OR 1=1 --",
  ])('finds the same by %s', async (q) => {
    expect(await foundInStore(q)).toEqual(foundInBlocks(q))
  })

  const isOther = (row: Row): boolean =>
    row.proto_type === 1 && !['INVITE', 'BYE', 'REGISTER'].includes(String(row.cseq_method))

  it('goes over the tables of the filter where it names them, and both must be met', async () => {
    const all = await search(engine, { q: 'ip:10.0.0.0/8', param: { limit: 1000 } })
    const rows = await search(engine, {
      q: 'ip:10.0.0.0/8',
      filter: { event_type: 'default', dst_port: 5080 },
      param: { limit: 1000 },
    })
    const expected = all.filter((row) => isOther(row) && row.dst_port === 5080)
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.map(({ uuid }) => uuid)).toEqual(expected.map(({ uuid }) => uuid))
  })

  it('takes an empty text for none', async () => {
    const rows = await search(engine, { q: ' ', param: { limit: 1000 } })
    expect(new Set(rows.map(({ proto_type }) => proto_type))).toEqual(new Set([1]))
  })

  it.each([
    { q: 'code:x', at: 5 },
    { q: 'method:INVITE and (ip:10.0.0.1', at: 18 },
    { q: 'nofield:1', at: 0 },
    { q: 'x'.repeat(2001), at: 2000 },
  ])('says where $q is wrong', async ({ q, at }) => {
    const answer = await engine.search({ q })
    if (answer.ok) throw new Error('accepted')
    expect(answer.kind).toBe('invalid')
    expect(answer.fields).toEqual([{ field: 'q', message: expect.stringContaining(`(at ${at})`) as string, at }])
  })

  it('searches deep and long expressions', async () => {
    const deep = `${'not ('.repeat(15)}method:INVITE${')'.repeat(15)}`
    const long = Array.from({ length: 150 }, (_, i) => `from:a${i}`).join(' or ')
    for (const q of [deep, long]) expect(await foundInStore(q)).toEqual(foundInBlocks(q))
  })
})
