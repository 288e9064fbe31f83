import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readTransport } from '@hepscope/shared/pcap/transport.ts'
import { expect, it } from 'vitest'
import { HepClient } from '../../src/trace/hep-client.ts'
import { tracedMessages, type TracedMessage } from './messages.ts'
import { describePeer, freeUdpPort, isListening, Peer } from './peer-process.ts'

/** What sngrep has written to a capture file of what it got by HEP. */
async function throughSngrep(version: 2 | 3, messages: readonly TracedMessage[]) {
  const folder = mkdtempSync(join(tmpdir(), 'hepscope-sngrep-'))
  const capture = join(folder, 'out.pcap')
  const settings = join(folder, 'sngreprc')
  writeFileSync(settings, `set eep.listen.version ${version}\n`)
  const port = await freeUdpPort()
  const sngrep = new Peer('sngrep', ['-N', '-q', '-f', settings, '-L', `udp:127.0.0.1:${port}`, '-O', capture])
  const homer = new HepClient(`[sngrep] 127.0.0.1:${port}; transport=udp; version=${version}`, { captureId: 2001 })
  try {
    await sngrep.until('listening', () => isListening('udp', port))
    await homer.connected()
    for (const [i, { sip, from, to, tsUs }] of messages.entries()) {
      homer.sendSip(sip, from, to, { tsUs })
      // Nothing tells how far it is, and a socket's buffer holds about 150 messages.
      if (i % 20 === 19) await sleep(20)
    }
    await homer.drained()
    expect(homer.counters.sentCount).toBe(messages.length)
    await sngrep.until('writing of all messages', settled(capture))
    await sngrep.stop('SIGINT')
    return [...readTransport(readFileSync(capture))].flatMap((item) => (item.kind === 'datagram' ? [item] : []))
  } finally {
    await homer.close()
    await sngrep.stop('SIGKILL')
    rmSync(folder, { recursive: true })
  }
}

/** True when a file has not grown for a while. */
function settled(path: string): () => boolean {
  let size = -1
  let sinceMs = Date.now()
  return () => {
    const now = statSync(path).size
    if (now !== size) sinceMs = Date.now()
    size = now
    return Date.now() - sinceMs > 500
  }
}

/** Without the NULs at the end. */
function trimmed(bytes: Uint8Array): Buffer {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  return Buffer.from(bytes.subarray(0, end))
}

describePeer('sngrep', 'sngrep, listening for HEP', () => {
  // IPv4 alone: what it gets of IPv6 it writes down with the address 0.0.0.0.
  const messages = tracedMessages()

  it('gets version 3 byte for byte, with addresses and times', async () => {
    const found = await throughSngrep(3, messages)
    expect(found).toHaveLength(messages.length)
    for (const [i, { sip, from, to, tsUs }] of messages.entries()) {
      const { bytes, srcIp, srcPort, dstIp, dstPort, tsUs: at } = found[i] ?? { bytes: new Uint8Array(0) }
      expect(Buffer.from(bytes)).toEqual(Buffer.from(sip))
      expect({ srcIp, srcPort, dstIp, dstPort, at }).toEqual({
        srcIp: from.ip,
        srcPort: from.port,
        dstIp: to.ip,
        dstPort: to.port,
        at: tsUs,
      })
    }
  }, 60_000)

  it('gets version 2 byte for byte, but for the NULs that it adds itself', async () => {
    const found = await throughSngrep(2, messages)
    expect(found).toHaveLength(messages.length)
    for (const [i, { sip, from, to, tsUs }] of messages.entries()) {
      const { bytes, srcIp, srcPort, dstIp, dstPort, tsUs: at } = found[i] ?? { bytes: new Uint8Array(0) }
      // It takes the header length for that of the message: 16 by 256, less the header.
      expect(trimmed(bytes)).toEqual(Buffer.from(sip))
      expect({ srcIp, srcPort, dstIp, dstPort, at }).toEqual({
        srcIp: from.ip,
        srcPort: from.port,
        dstIp: to.ip,
        dstPort: to.port,
        at: tsUs,
      })
    }
  }, 60_000)
})
