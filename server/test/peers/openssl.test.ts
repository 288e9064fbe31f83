import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import { HepDeframer } from '@hepscope/shared/hep/deframe.ts'
import { expect, it } from 'vitest'
import { HepClient } from '../../src/trace/hep-client.ts'
import { TestAuthority } from '../certificates.ts'
import { tracedMessages } from './messages.ts'
import { describePeer, freeUdpPort, isListening, Peer } from './peer-process.ts'

describePeer('openssl', 'openssl s_server', () => {
  it.each(['-tls1_2', '-tls1_3'])('gets every frame over TLS (%s) and sees our certificate', async (version) => {
    const authority = new TestAuthority()
    const folder = mkdtempSync(join(tmpdir(), 'hepscope-openssl-'))
    const write = (name: string, text: string): string => {
      const path = join(folder, name)
      writeFileSync(path, text)
      return path
    }
    const { cert, key } = authority.issue('collector', ['127.0.0.1'])
    const files = ['-cert', write('cert', cert), '-key', write('key', key), '-CAfile', write('ca', authority.cert)]
    const port = await freeUdpPort()
    // Upper-case Verify: the handshake fails without a certificate that the authority has issued.
    const args = [
      's_server',
      '-accept',
      `127.0.0.1:${port}`,
      ...files,
      version,
      '-Verify',
      '1',
      '-verify_return_error',
      '-quiet',
    ]
    const server = new Peer('openssl', args)
    const tls = { ca: authority.cert, ...authority.issue('agent', ['agent']) }
    const messages = tracedMessages()
    try {
      await server.until('listening', () => isListening('tcp', port))
      const homer = new HepClient(`[openssl] 127.0.0.1:${port}; transport=tls`, { tls })
      expect(await homer.connected()).toBe(true)
      for (const { sip, from, to, tsUs } of messages) homer.sendSip(sip, from, to, { tsUs })
      await homer.close()
      expect(homer.counters).toMatchObject({ sentCount: messages.length, brokenCount: 0 })
      await server.until('all bytes', () => server.output.length >= homer.counters.sentBytes)
      const received: Buffer[] = []
      new HepDeframer().push(server.output, (frame) => {
        const decoded = decodeHep(frame)
        received.push(Buffer.from(decoded.ok ? (decoded.packet.payload ?? []) : []))
      })
      expect(received).toEqual(messages.map(({ sip }) => Buffer.from(sip)))
    } finally {
      await server.stop('SIGTERM')
      rmSync(folder, { recursive: true })
    }
  })
})
