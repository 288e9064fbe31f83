import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { CaptureBlocks, type CaptureFile, openCaptureFile } from '../../src/worker/capture-files.ts'

const FIXTURES = fileURLToPath(new URL('../../../fixtures/', import.meta.url))

async function fixture(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(`${FIXTURES}${name}`))
}

async function opened(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<CaptureFile> {
  const result = await openCaptureFile(new File([bytes], name))
  if (!result.ok) throw new Error(result.message)
  return result.file
}

function count(source: CaptureBlocks): number {
  let events = 0
  for (const block of source.read()) events += block?.count ?? 0
  return events
}

describe('openCaptureFile', () => {
  it.each([
    { name: 'sip-20-calls.pcap', format: 'pcap' },
    { name: 'opensips-hep3-tcp.bin', format: 'hep-stream' },
  ])('knows $name, gzipped or not', async ({ name, format }) => {
    const bytes = await fixture(name)
    expect((await opened(name, bytes)).format).toBe(format)
    const inflated = await opened(`${name}.gz`, new Uint8Array(gzipSync(bytes)))
    expect(inflated.format).toBe(format)
    expect(inflated.bytes).toEqual(bytes)
  })

  it('keeps what a gzip file has that ends too early, and says so', async () => {
    const bytes = new Uint8Array(gzipSync(await fixture('sip-20-calls.pcap')))
    const result = await openCaptureFile(new File([bytes.subarray(0, bytes.length - 2000)], 'cut.gz'))
    expect(result).toMatchObject({ ok: true, file: { format: 'pcap' } })
    if (result.ok) expect(result.remark).toMatch(/^cut\.gz is cut off after/)
  })

  it.each([
    { name: 'nothing', bytes: [], message: 'x is empty' },
    { name: 'text', bytes: [0x68, 0x65, 0x6c, 0x6c, 0x6f], message: 'at byte 0 it has 68 65 6c 6c 6f ("hello")' },
    { name: 'broken gzip', bytes: [0x1f, 0x8b, 0, 0], message: 'x is not gzip after all, or damaged' },
  ])('refuses $name with words', async ({ bytes, message }) => {
    const result = await openCaptureFile(new File([new Uint8Array(bytes)], 'x'))
    expect(result).toMatchObject({ ok: false, message: expect.stringContaining(message) as string })
  })
})

describe('CaptureBlocks', () => {
  it('reads two files as one, in order of time', async () => {
    const [one, two] = [
      await opened('a', await fixture('sip-20-calls.pcap')),
      await opened('b', await fixture('opensips-hep3-udp.pcap')),
    ]
    const apart = count(new CaptureBlocks([one])) + count(new CaptureBlocks([two]))
    const together = new CaptureBlocks([two, one])
    let lastUs = 0
    let events = 0
    for (const block of together.read()) {
      if (block === undefined) continue
      expect(block.minTsUs).toBeGreaterThanOrEqual(lastUs - 1_000_000)
      lastUs = block.maxTsUs
      events += block.count
    }
    expect(events).toBe(apart)
  })

  it('tells at which byte it could not go on', async () => {
    const bytes = await fixture('sip-20-calls.pcap')
    const cut = new CaptureBlocks([await opened('cut', bytes.slice(0, 50_001))])
    const events = count(cut)
    expect(events).toBeGreaterThan(0)
    expect(cut.remarks[0]).toMatch(/^cut ends in the middle of a record, at byte [\d,]+; what is before it is shown$/)

    const stream = await fixture('opensips-hep3-tcp.bin')
    const spoilt = new Uint8Array([...stream, ...new TextEncoder().encode('this is no HEP')])
    const source = new CaptureBlocks([await opened('spoilt', spoilt)])
    count(source)
    expect(source.remarks).toEqual([
      `spoilt has something that is not HEP, at byte ${stream.length.toLocaleString('en')}; what is before it is shown`,
    ])
  })
})
