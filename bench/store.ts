import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { MAX_ROWS } from '@hepscope/shared/event/columns.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { openEngine, type StoreEngine } from '../server/src/store/engine.ts'

/**
 * The store alone, without its thread: blocks that are ready in memory go into the log, into the hot tables, into
 * Parquet, and are asked for. Run it with nothing else on the machine.
 *
 * `--rows=N` (default 500,000), `--dir=PATH` for the data (default: the working directory's .cache)
 */
const EPOCH = 1_795_308_000_000
const START_US = EPOCH * 1000
const MESSAGES_PER_CALL = 7
const STEPS: readonly (readonly [string, string])[] = [
  ['INVITE sip:{to}@carrier.example SIP/2.0', '102 INVITE'],
  ['SIP/2.0 100 Trying', '102 INVITE'],
  ['SIP/2.0 180 Ringing', '102 INVITE'],
  ['SIP/2.0 200 OK', '102 INVITE'],
  ['ACK sip:{to}@carrier.example SIP/2.0', '102 ACK'],
  ['BYE sip:{to}@carrier.example SIP/2.0', '103 BYE'],
  ['SIP/2.0 200 OK', '103 BYE'],
]

const KEEP = { sealRows: 1e9, sealBytes: 1e15, logMaxBytes: 1e12, memoryLimit: '4GB' }

const option = (name: string, fallback: string): string =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? fallback
const rowCount = Number(option('rows', '500000'))
const parent = option('dir', join(process.cwd(), '.cache'))

const { blocks, payloadBytes } = makeBlocks(rowCount)
const rows = blocks.reduce((sum, block) => sum + block.count, 0)
const blockBytes = blocks.reduce((sum, block) => sum + block.bytes.length, 0)
console.log(
  `${rows} SIP messages of ${(payloadBytes / rows).toFixed(0)} bytes on average, ${Math.ceil(rows / MESSAGES_PER_CALL)} Call-IDs, ` +
    `${blocks.length} blocks of ${(blockBytes / rows).toFixed(0)} bytes a row`,
)

await measureLog()
await measureSearchable(blocks)
await measureWithSealing()

/** What a burst costs: appended as fast as the log takes it, in one go. */
async function measureLog(): Promise<void> {
  await withEngine({ ...KEEP, insertDelayMs: 60_000 }, async (engine) => {
    const ms = timed(() => {
      for (const block of blocks) engine.append(block)
    })
    report('block log alone', rows, ms, `${(blockBytes / 1000 / ms).toFixed(0)} MB/s`)
  })
}

/** The store's own thread, nothing sealed: from the first append until the last row can be found. */
async function measureSearchable(all: readonly EventBlock[]): Promise<void> {
  const directory = newDirectory()
  const engine = await openEngine({ ...KEEP, dataDir: directory, insertDelayMs: 0 })
  const cpuBefore = process.cpuUsage()
  const startedMs = performance.now()
  for (const block of all) {
    engine.append(block)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await engine.flush()
  const ms = performance.now() - startedMs
  const cpu = process.cpuUsage(cpuBefore)
  report('log and hot tables', rows, ms, `${((cpu.user + cpu.system) / rows).toFixed(2)} µs of processor time a row`)
  await measureQuestions(engine, 'hot')
  await engine.close()
  const replayed = await openEngine({ ...KEEP, dataDir: directory })
  const replayMs = await timedAsync(() => replayed.flush())
  report('read back at start', replayed.stats().replayedRows, replayMs, '')
  await replayed.close()
  rmSync(directory, { recursive: true })
}

/** As it is shipped: sealing goes on beside. */
async function measureWithSealing(): Promise<void> {
  await withEngine({ logMaxBytes: 1e12 }, async (engine) => {
    const startedMs = performance.now()
    for (const block of blocks) {
      engine.append(block)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await engine.flush()
    report('with sealing, defaults', rows, performance.now() - startedMs, '')
    await engine.seal()
    report('all sealed', rows, performance.now() - startedMs, '')
    const { sealedBytes, sealedFiles, sealedRows } = engine.stats()
    console.log(
      `  ${sealedRows} rows in ${sealedFiles} Parquet files: ${(sealedBytes / sealedRows).toFixed(0)} bytes a message on disk, ` +
        `${(payloadBytes / rows).toFixed(0)} raw`,
    )
    await measureQuestions(engine, 'sealed')
  })
}

async function measureQuestions(engine: StoreEngine, where: string): Promise<void> {
  const ask = async (name: string, question: () => Promise<{ readonly ok: boolean }>): Promise<void> => {
    const times: number[] = []
    for (let i = 0; i < 11; i++) times.push(await timedAsync(question))
    const sorted = times.sort((a, b) => a - b)
    console.log(`  ${where}: ${name.padEnd(34)} ${(sorted[5] ?? NaN).toFixed(1)} ms (median of 11)`)
  }
  const callId = callIdOf(Math.floor(rows / MESSAGES_PER_CALL / 2))
  await ask('messages of one Call-ID', () => engine.messages({ session_id: callId }))
  await ask('search of one Call-ID', () => engine.search({ filter: { call_id: callId } }))
  await ask('newest 50', () => engine.search({}))
  await ask('one user', () => engine.search({ filter: { from_user: userOf(12_345) } }))
}

function makeBlocks(count: number): { readonly blocks: EventBlock[]; readonly payloadBytes: number } {
  const writer = new BlockWriter({ node: 'bench', epoch: EPOCH })
  const made: EventBlock[] = []
  let bytes = 0
  for (let i = 0; i < count; i++) {
    const payload = new TextEncoder().encode(messageOf(Math.floor(i / MESSAGES_PER_CALL), i % MESSAGES_PER_CALL))
    bytes += payload.length
    const packet = encodeHep({
      version: 3,
      ipProtocol: 17,
      srcIp: `10.1.${i % 4}.${i % 200}`,
      dstIp: `10.2.0.${i % 8}`,
      srcPort: 5060,
      dstPort: 5060,
      tsUs: START_US + i * 20,
      protocolType: 1,
      agentId: 2001,
      correlationId: callIdOf(Math.floor(i / MESSAGES_PER_CALL)),
      payload,
    })
    writer.append(packet, START_US)
    if (writer.count < MAX_ROWS && i + 1 < count) continue
    const block = writer.seal(START_US + i * 20)
    if (block !== undefined) made.push(block)
  }
  return { blocks: made, payloadBytes: bytes }
}

function messageOf(call: number, step: number): string {
  const [startLine, cseq] = STEPS[step] ?? ['', '']
  const from = userOf(call)
  const to = userOf(call * 7 + 1)
  const lines = [
    startLine.replace('{to}', to),
    `Via: SIP/2.0/UDP 10.1.${call % 4}.${call % 200}:5060;rport;branch=z9hG4bK${scramble(call * 10 + step)}`,
    'Max-Forwards: 70',
    `From: "Subscriber ${from}" <sip:${from}@carrier.example>;tag=${scramble(call + 1)}`,
    `To: <sip:${to}@carrier.example>${step === 0 ? '' : `;tag=${scramble(call + 2)}`}`,
    `Call-ID: ${callIdOf(call)}`,
    `CSeq: ${cseq}`,
    `Contact: <sip:${from}@10.1.${call % 4}.${call % 200}:5060>`,
    'User-Agent: Example PBX 18.4.1',
    'Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO, PUBLISH',
    'Supported: replaces, timer',
  ]
  const sdp = `v=0\r\no=- ${call} ${call} IN IP4 10.1.0.1\r\ns=call\r\nc=IN IP4 10.1.0.1\r\nt=0 0\r\nm=audio ${10_000 + (call % 20_000)} RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n`
  const body = step === 0 || step === 3 ? sdp : ''
  if (body === '')
    lines.push(
      `Record-Route: <sip:10.2.0.${call % 8};lr;did=${scramble(call).slice(0, 8)}>`,
      `Server: Proxy ${scramble(step)}`,
    )
  else lines.push('Content-Type: application/sdp')
  return [...lines, `Content-Length: ${body.length}`, '', body].join('\r\n')
}

function callIdOf(call: number): string {
  return `${scramble(call)}${scramble(call + 77)}@10.1.0.1`
}

function userOf(n: number): string {
  return `+4930${String((n * 7919) % 1_000_000).padStart(7, '0')}`
}

/** Sixteen digits that look random and are the same each time. */
function scramble(n: number): string {
  const high = Math.imul(n + 1, 0x9e3779b1) >>> 0
  const low = Math.imul(high ^ (high >>> 15), 0x85ebca6b) >>> 0
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')
}

async function withEngine(
  options: Omit<Parameters<typeof openEngine>[0], 'dataDir'>,
  action: (engine: StoreEngine) => Promise<void>,
): Promise<void> {
  const directory = newDirectory()
  const engine = await openEngine({ ...options, dataDir: directory })
  await action(engine)
  await engine.close()
  rmSync(directory, { recursive: true })
}

function newDirectory(): string {
  return mkdtempSync(join(parent, 'store-'))
}

function timed(action: () => void): number {
  const startedMs = performance.now()
  action()
  return performance.now() - startedMs
}

async function timedAsync(action: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await action()
  return performance.now() - startedMs
}

function report(name: string, count: number, ms: number, more: string): void {
  const perSec = Math.round((count / ms) * 1000).toLocaleString('en')
  console.log(`${name.padEnd(24)} ${perSec.padStart(10)} rows/s   ${(ms / 1000).toFixed(2).padStart(6)} s   ${more}`)
}
