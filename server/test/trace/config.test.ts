import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readTrace, traceSchema } from '../../src/trace/config.ts'
import { readTlsFiles } from '../../src/trace/tls-files.ts'
import { BlockSource, invite, sipPacket } from '../events.ts'

function faultsOf(section: unknown): string[] {
  const result = traceSchema.safeParse(section)
  return (result.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('traceSchema', () => {
  it('has the names and defaults of proto_hep', () => {
    expect(traceSchema.parse({})).toEqual({
      destinations: [],
      relay: [],
      hep_capture_id: 1,
      homer5_on: 1,
      homer5_delim: ':',
      compressed_payload: 0,
      hep_async: 1,
      hep_async_max_postponed_chunks: 32,
      hep_async_local_connect_timeout: 100,
      hep_async_local_write_timeout: 10,
      hep_send_timeout: 100,
      tls: { ca: '', cert: '', key: '', server_name: '', min_version: 'TLSv1.2', verify_cert: 1 },
    })
  })

  it('is a section of a larger configuration', () => {
    const whole = z.strictObject({ trace: traceSchema.prefault({}) })
    expect(whole.parse({}).trace.hep_capture_id).toBe(1)
  })

  it('tells every fault at once, with its place', () => {
    const faults = faultsOf({
      destinations: ['[a] 10.0.0.1', 'b', '[c] 10.0.0.1:99999', '[a] 10.0.0.2; transport=udp'],
      relay: [{ to: 'a', filter: 'method:INVITE and (' }, { to: 'nobody' }, { to: 'a', version: 4 }],
    })
    expect(faults).toEqual([
      'destinations.1: "b" must begin with a name in brackets: [name] host:port (at character 1)',
      'destinations.2: [c]: port "99999" is not within 1 to 65535 (at character 5)',
      expect.stringMatching(/^relay\.0\.filter: .* \(at character 20\)$/),
      'relay.2.version: must be unchanged, 1, 2 or 3',
    ])
  })

  it.each([
    {
      name: 'a name that is defined twice',
      section: { destinations: ['[a] 10.0.0.1', '[a] 10.0.0.2'] },
      faults: ['destinations.1: [a]: this name is defined already'],
    },
    {
      name: 'a relay to nobody',
      section: { destinations: ['[a] 10.0.0.1'], relay: [{ to: 'b' }] },
      faults: ['relay.0.to: no destination "b"; there are a'],
    },
    {
      name: 'an old version over a stream',
      section: { destinations: ['[a] 10.0.0.1'], relay: [{ to: 'a', version: 2 }] },
      faults: ['relay.0.version: HEP version 2 goes over UDP alone; [a] is on tcp'],
    },
    {
      name: 'a capture id that version 2 cannot hold',
      section: { hep_capture_id: 65_536, destinations: ['[a] 10.0.0.1; transport=udp; version=2'] },
      faults: ['destinations.0: [a]: hep_capture_id 65536 does not fit HEP version 2'],
    },
    {
      name: 'a key without a certificate',
      section: { tls: { key: 'key.pem' } },
      faults: ['tls: cert and key belong together'],
    },
    { name: 'a flag that is none', section: { hep_async: 2 }, faults: ['hep_async: must be 0 or 1'] },
  ])('refuses $name', ({ section, faults }) => {
    expect(faultsOf(section)).toEqual(faults)
  })

  it.each([{ colour: 'blue' }, { hep_send_timeout: 0 }, { hep_capture_id: -1 }, { relay: [{ filter: 'code:4xx' }] }])(
    'refuses %j',
    (section) => {
      expect(faultsOf(section)).toHaveLength(1)
    },
  )
})

describe('readTrace', () => {
  it('reads destinations, rules and limits', () => {
    const { destinations, relay, warnings, options } = readTrace(
      traceSchema.parse({
        destinations: ['[new] 10.0.0.1; transport=tls', '[old] 10.0.0.2; version=2'],
        relay: [{ to: 'old' }, { to: 'new', filter: 'method:INVITE' }, { to: 'new', version: 'unchanged' }],
        hep_async: false,
        hep_async_max_postponed_chunks: 1,
        hep_async_local_connect_timeout: 2,
        hep_async_local_write_timeout: 3,
        hep_send_timeout: 4,
      }),
    )
    expect(destinations.map(({ name, transport, version }) => `${name} ${transport} ${version}`)).toEqual([
      'new tls 3',
      'old udp 2',
    ])
    expect(relay.map(({ to, version }) => `${to.name} ${version}`)).toEqual(['old 2', 'new 3', 'new unchanged'])
    expect(warnings).toEqual([expect.stringContaining('[old]')])
    expect(options).toEqual({
      captureId: 1,
      homer5: true,
      homer5Delimiter: ':',
      compressPayload: false,
      async: false,
      maxPostponedFrames: 1,
      localConnectTimeoutMs: 2,
      localWriteTimeoutMs: 3,
      sendTimeoutMs: 4,
    })
  })

  it('compiles the filter', () => {
    const { relay } = readTrace(
      traceSchema.parse({ destinations: ['[a] 10.0.0.1'], relay: [{ to: 'a', filter: 'not method:INVITE' }] }),
    )
    const block = new BlockSource().block([invite('a'), sipPacket('BYE sip:bob@example.com SIP/2.0', 'a', '2 BYE')])
    expect([0, 1].map((row) => relay[0]?.accepts?.(block, row))).toEqual([false, true])
  })
})

describe('readTlsFiles', () => {
  const tls = (section: unknown) => traceSchema.parse({ tls: section }).tls

  it('reads nothing where nothing is said', () => {
    expect(readTlsFiles(tls({}))).toEqual({ minVersion: 'TLSv1.2', verifyCert: true })
  })

  it('reads the files that are named', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hepscope-tls-'))
    const file = (name: string): string => {
      writeFileSync(join(folder, name), `PEM of ${name}`)
      return join(folder, name)
    }
    const section = { ca: file('ca'), cert: file('cert'), key: file('key'), server_name: 'homer', verify_cert: 0 }
    expect(readTlsFiles(tls({ ...section, min_version: 'TLSv1.3' }))).toEqual({
      ca: 'PEM of ca',
      cert: 'PEM of cert',
      key: 'PEM of key',
      serverName: 'homer',
      minVersion: 'TLSv1.3',
      verifyCert: false,
    })
    rmSync(folder, { recursive: true })
  })

  it('names the file that cannot be read', () => {
    expect(() => readTlsFiles(tls({ ca: '/no/such/file' }))).toThrow('trace.tls.ca: /no/such/file: ENOENT')
  })
})
