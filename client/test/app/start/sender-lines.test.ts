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

  it('goes by TCP if there is nothing else, and puts brackets around IPv6', () => {
    const lines = senderLines('2001:db8::1', [{ transport: 'tcp', host: '::', port: 9060 }])
    expect(lines.find(({ name }) => name === 'heplify')?.lines).toBe(
      'heplify -i any -m SIPRTCP -hs [2001:db8::1]:9060 -nt tcp',
    )
    expect(senderLines('h', [])).toEqual([])
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
