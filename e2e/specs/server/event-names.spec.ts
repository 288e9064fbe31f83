import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { expect, test } from '../../test.ts'
import { freshName, SipCall } from '../../hep/sip-call.ts'
import { type Api, readMember, type StoredRow } from '../../server/api.ts'
import { runHepscope } from '../../server/command-line.ts'
import { Hepscope } from '../../server/hepscope.ts'
import { openUdpHep } from '../../hep/udp.ts'
import { type StreamFrame, watchBlocks, watchFrames } from '../../stream/viewer.ts'

const SEAL_ROWS = 2000
const TIMEOUT_MS = 20_000

/** What names an event, and what it brought. */
interface Named {
  readonly node: string
  readonly epoch: number
  readonly seq: number
  readonly tsUs: number
  readonly payload: Buffer
}

function eventsOf(block: EventBlock): Named[] {
  const { node, epoch } = block
  return Array.from({ length: block.count }, (_, row) => {
    const payload = Buffer.from(block.payload(row))
    return { node, epoch, seq: block.seq(row), tsUs: block.tsUs[row] ?? 0, payload }
  })
}

/** The one row that has the name of an event. */
async function rowOf(api: Api, { node, epoch, seq }: Omit<Named, 'tsUs' | 'payload'>): Promise<StoredRow> {
  const { status, body } = await api.post('/api/v4/transactions/search', {
    q: `node="${node}" epoch=${epoch} seq=${seq}`,
    param: { limit: 10 },
  })
  const rows = readMember(readMember(body, 'data'), 'items') as readonly StoredRow[]
  expect([status, rows.length], `rows of ${node} ${epoch}:${seq}`).toEqual([200, 1])
  const [row] = rows
  if (row === undefined) throw new Error('no row')
  return row
}

/** That each event has its row, with the same bytes. */
async function expectRows(api: Api, events: readonly Named[]): Promise<void> {
  for (const event of events) {
    const { node, epoch, seq, ts_us, payload, payload_raw } = await rowOf(api, event)
    const bytes = Buffer.from(payload_raw ?? payload, payload_raw === null ? 'utf8' : 'base64')
    expect({ node, epoch, seq, tsUs: ts_us, payload: bytes.toString('hex') }).toEqual({
      ...event,
      payload: event.payload.toString('hex'),
    })
  }
}

test('finds the row of a live event by node, epoch and seq: hot, sealed, and after a start', async ({ stage }) => {
  const server = await Hepscope.start(stage, { env: { HEPSCOPE_STORAGE_SEAL_ROWS: String(SEAL_ROWS) } })
  const hep = await openUdpHep(stage, { host: '127.0.0.1', port: server.udpPort })
  let api = await server.login()
  const stream = `${server.url}/api/v4/stream/hep?include_payload=1&access_token=${api.token}`
  const events: Named[] = []
  await watchBlocks(stage, `${stream}&format=block`, (block) => events.push(...eventsOf(block)))
  const frames = await watchFrames(stage, `${stream}&control=1`)

  const call = new SipCall({ callId: freshName('named') })
  const invite = call.invite()
  const text = Buffer.from(invite.payload ?? [])
  await hep.send(invite, call.ringing(), call.answer())
  // Rows of every table, and bytes that are no text.
  await hep.send(
    { ...invite, payload: Buffer.from(text.toString().replaceAll('INVITE', 'REGISTER')) },
    { ...invite, payload: Buffer.from(text.toString().replaceAll('INVITE', 'OPTIONS')) },
    { ...invite, payload: Buffer.concat([text, Buffer.from([0, 0xff, 0xe9, 0x80])]) },
    { ...invite, protocolType: 5, payload: Buffer.from('{"sender_information":{}}'), correlationId: call.callId },
    { ...invite, protocolType: 100, payload: Buffer.from('a line of a log \u4e16\u754c') },
  )
  const broken = encodeHep({ ...invite, payload: Buffer.from([1, 2, 3]) })
  await hep.sendBytes(broken)
  await server.stores(9, TIMEOUT_MS)
  await expect.poll(() => events.length).toBe(9)
  const own = events.slice(0, 9)
  await expectRows(api, own)

  // A frame of JSON names the same.
  type NamedFrame = StreamFrame & Omit<Named, 'tsUs' | 'payload'> & { readonly type?: string }
  const frame = (frames as readonly NamedFrame[]).find(
    ({ type, sip }) => type === undefined && sip?.resp_code === '180',
  )
  expect(frame).toBeDefined()
  if (frame !== undefined) {
    const row = await rowOf(api, frame)
    expect([row.payload, Math.floor(row.ts_us / 1000)]).toEqual([frame.payload, frame.ts])
  }

  const gen = runHepscope(stage, ['gen', '--to', server.udpTarget, '--rate', '4000', '--seconds', '1.5'])
  await gen.succeeds(TIMEOUT_MS)
  const sealed = async () => (await server.metrics()).sum('hepscope_store_disk_bytes', 'kind="sealed"')
  await expect.poll(sealed, { timeout: TIMEOUT_MS }).toBeGreaterThan(0)
  const [newest] = events.slice(-1)
  const some = [...own, ...(newest === undefined ? [] : [newest])]
  await expect.poll(async () => (await server.metrics()).sum('hepscope_stored_rows_total')).toBe(events.length)
  await expectRows(api, some)

  await server.stop()
  await server.startAgain()
  await server.readsLog(TIMEOUT_MS)
  api = await server.login()
  await expectRows(api, some)
})
