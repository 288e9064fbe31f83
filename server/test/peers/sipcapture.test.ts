import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { HepClient } from '../../src/trace/hep-client.ts'
import { type TracedMessage, tracedMessages } from './messages.ts'
import { describePeer, freeUdpPort, isListening, Peer } from './peer-process.ts'

/** Kamailio with sipcapture: it unwraps what it gets by HEP and sends us a line on its addresses, and the message. */
function configuration(transport: 'udp' | 'tcp', port: number, backPort: number, folder: string): string {
  const send = (head: string, message: string) => `send_data("sip:127.0.0.1:${backPort}", "${head}\\n${message}");`
  const common = `#!KAMAILIO
debug=1
log_stderror=yes
children=1
auto_aliases=no
loadmodule "pv.so"
loadmodule "corex.so"
loadmodule "db_text.so"
loadmodule "sipcapture.so"
modparam("sipcapture", "db_url", "text://${folder}")
modparam("sipcapture", "capture_on", 1)
modparam("sipcapture", "hep_capture_on", 1)
listen=udp:127.0.0.1:${port}
`
  if (transport === 'udp') {
    const route = `{ ${send('$si $sp', '$mb')} drop; }`
    return `${common}disable_tcp=yes\nrequest_route ${route}\nonreply_route ${route}\n`
  }
  // Over TCP it hands HEP to this event alone, and takes the packet itself for SIP without a length.
  const endpoints = '$hep(0x003) $hep(0x007) $hep(0x004) $hep(0x008)'
  return `${common}listen=tcp:127.0.0.1:${port}
tcp_children=1
tcp_accept_hep3=yes
tcp_accept_no_cl=yes
modparam("sipcapture", "nonsip_hook", 1)
event_route[sipcapture:request] { ${send(endpoints, '$hep(0x00f)')} }
request_route { drop; }
onreply_route { drop; }
`
}

interface Unwrapped {
  readonly endpoints: string
  readonly sip: Buffer
}

describePeer('kamailio', 'Kamailio sipcapture', () => {
  let folder: string
  let back: Socket
  let unwrapped: Unwrapped[]
  let kamailio: Peer | undefined

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hepscope-kamailio-'))
    unwrapped = []
    back = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 })
    back.on('message', (bytes) => {
      const lineEnd = bytes.indexOf('\n')
      unwrapped.push({
        endpoints: bytes.subarray(0, lineEnd).toString(),
        sip: Buffer.from(bytes.subarray(lineEnd + 1)),
      })
    })
    back.bind(0, '127.0.0.1')
    await once(back, 'listening')
  })

  afterEach(async () => {
    await kamailio?.stop('SIGTERM')
    await new Promise<void>((resolve) => back.close(resolve))
    rmSync(folder, { recursive: true })
  })

  async function send(transport: 'udp' | 'tcp', version: 1 | 2 | 3, messages: readonly TracedMessage[]): Promise<void> {
    const port = await freeUdpPort()
    const file = join(folder, 'kamailio.cfg')
    writeFileSync(file, configuration(transport, port, back.address().port, folder))
    const peer = new Peer('kamailio', ['-f', file, '-DD', '-E', '-m', '32', '-M', '8', '-w', folder, '-Y', folder])
    kamailio = peer
    await peer.until('listening', () => isListening(transport, port))
    const homer = new HepClient(`[kamailio] 127.0.0.1:${port}; transport=${transport}; version=${version}`)
    try {
      await homer.connected()
      for (const [i, { sip, from, to, tsUs }] of messages.entries()) {
        homer.sendSip(sip, from, to, { tsUs })
        // Its way back is UDP, so it must not get far ahead of us.
        if (i % 10 === 9 || i === messages.length - 1) {
          await peer.until(`message ${i + 1}`, () => unwrapped.length > i)
        }
      }
      expect(homer.counters).toMatchObject({ sentCount: messages.length, brokenCount: 0 })
    } finally {
      await homer.close()
    }
  }

  it.each([1, 2, 3] as const)(
    'gets version %i over UDP byte for byte, with the source',
    async (version) => {
      const messages = tracedMessages(true)
      await send('udp', version, messages)
      expect(unwrapped).toEqual(
        messages.map(({ sip, from }) => ({ endpoints: `${from.ip} ${from.port}`, sip: Buffer.from(sip) })),
      )
    },
    60_000,
  )

  it('gets version 3 over TCP byte for byte, with both addresses', async () => {
    // Its script asks for IPv4 addresses by their chunk.
    const messages = tracedMessages()
    await send('tcp', 3, messages)
    expect(unwrapped).toEqual(
      messages.map(({ sip, from, to }) => ({
        endpoints: `${from.ip} ${from.port} ${to.ip} ${to.port}`,
        sip: Buffer.from(sip),
      })),
    )
  }, 60_000)
})
