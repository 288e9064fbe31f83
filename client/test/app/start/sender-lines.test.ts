import { describe, expect, it } from 'vitest'
import { listenerAddresses, senderLines } from '../../../src/app/start/sender-lines.ts'

describe('senderLines', () => {
  it('names the UDP listener in every line that it makes', () => {
    const listeners = [
      { transport: 'tcp', host: '0.0.0.0', port: 9061 },
      { transport: 'udp', host: '0.0.0.0', port: 9060 },
    ]
    for (const { lines, name } of senderLines('hep.example.net', listeners)) {
      expect(lines, name).toContain('hep.example.net:9060')
    }
  })

  it('goes by TCP if there is nothing else, and leaves out who cannot', () => {
    const lines = senderLines('hep.example.net', [{ transport: 'tcp', host: '0.0.0.0', port: 9060 }])
    expect(lines.map(({ name }) => name)).toEqual(['OpenSIPS', 'Kamailio', 'heplify', 'rtpengine'])
    const linesOf = (agent: string) => lines.find(({ name }) => name === agent)?.lines
    expect(linesOf('OpenSIPS')).toContain('socket = hep_tcp:0.0.0.0:')
    expect(linesOf('OpenSIPS')).toContain('"[hepscope] hep.example.net:9060; transport=tcp; version=3"')
    expect(linesOf('Kamailio')).toContain('"sip:hep.example.net:9060;transport=tcp"')
    expect(linesOf('heplify')).toBe('heplify -i any -m SIPRTCP -hs hep.example.net:9060 -nt tcp')
  })

  it('puts brackets around IPv6, and leaves out sngrep, which would not understand them', () => {
    const lines = senderLines('2001:db8::1', [{ transport: 'udp', host: '::', port: 9060 }])
    expect(lines.map(({ name }) => name)).toEqual([
      'OpenSIPS',
      'Kamailio',
      'heplify',
      'Asterisk',
      'FreeSWITCH',
      'rtpengine',
    ])
    for (const { lines: text, name } of lines) expect(text, name).toContain('[2001:db8::1]:9060')
  })

  it('has none where nothing listens, or only for HTTP', () => {
    expect(senderLines('h', [])).toEqual([])
    expect(senderLines('h', [{ transport: 'http', host: '0.0.0.0', port: 9080 }])).toEqual([])
  })
})

describe('listenerAddresses', () => {
  it('shows the host of the page where the listener has any', () => {
    expect(
      listenerAddresses('hep.example.net', [
        { transport: 'udp', host: '0.0.0.0', port: 9060 },
        { transport: 'tcp', host: '192.0.2.1', port: 9061 },
      ]),
    ).toEqual(['udp hep.example.net:9060', 'tcp 192.0.2.1:9061'])
  })
})
