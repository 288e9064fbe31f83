import { describe, expect, it } from 'vitest'
import { formatHepId, type HepDestination, parseHepId } from '../../src/trace/hep-id.ts'

const FORCED = 'goes over UDP alone'

function destination(
  name: string,
  host: string,
  port: number,
  transport: HepDestination['transport'],
  version: HepDestination['version'],
): HepDestination {
  return { name, host, port, transport, version }
}

const ACCEPTED: [text: string, destination: HepDestination, warning?: string][] = [
  ['[hep_dst] 127.0.0.1:8001; transport=tcp; version=3', destination('hep_dst', '127.0.0.1', 8001, 'tcp', 3)],
  ['[hep_dst] 1.2.3.4:5000; version=2', destination('hep_dst', '1.2.3.4', 5000, 'udp', 2), FORCED],
  ['[hep_dst]1.2.3.4', destination('hep_dst', '1.2.3.4', 9060, 'tcp', 3)],
  ['[hep_dst] 1.2.3.4;', destination('hep_dst', '1.2.3.4', 9060, 'tcp', 3)],
  ['[ hep_dst ] 10.0.0.1:9060;transport=UDP;version=3', destination('hep_dst', '10.0.0.1', 9060, 'udp', 3)],
  ['[hid]10.10.10.10:9060;version=1;transport=tls', destination('hid', '10.10.10.10', 9060, 'udp', 1), FORCED],
  ['[hid]homer.example.com:9060 ; transport = udp', destination('hid', 'homer.example.com', 9060, 'udp', 3)],
  ['[hid]10.0.0.1:9060;version=3;version=2', destination('hid', '10.0.0.1', 9060, 'udp', 2), FORCED],
  ['[a b]10.0.0.1', destination('a', '10.0.0.1', 9060, 'tcp', 3)],
  ['[hid]10.0.0.1;version=2;transport=udp', destination('hid', '10.0.0.1', 9060, 'udp', 2)],
  ['[hid]10.0.0.1;transport=tls', destination('hid', '10.0.0.1', 9060, 'tls', 3)],
  ['[hid]10.0.0.1;version=03', destination('hid', '10.0.0.1', 9060, 'tcp', 3)],
  ['[hid][2001:db8::1]:9061;transport=tls', destination('hid', '2001:db8::1', 9061, 'tls', 3)],
  ['[hid][2001:db8::1]', destination('hid', '2001:db8::1', 9060, 'tcp', 3)],
  ['[hid]10.0.0.1:65535', destination('hid', '10.0.0.1', 65_535, 'tcp', 3)],
]

const REFUSED: readonly (readonly [text: string, at: number, message: string])[] = [
  ['[hid]10.10.10.10:99999', 5, 'port "99999"'],
  ['[hid]10.0.0.1:0', 5, 'port "0"'],
  ['[]10.0.0.1', 0, 'must begin with a name'],
  ['[ ]10.0.0.1', 0, 'must begin with a name'],
  ['[hid]10.0.0.1;version=4', 14, 'version "4"'],
  ['[hid]10.0.0.1;version=0', 14, 'version "0"'],
  ['[hid]10.0.0.1;version=abc', 14, 'version "abc"'],
  ['[hid]10.0.0.1; transport=sctp', 15, 'transport "sctp"'],
  ['[hid]10.0.0.1;transport=t', 14, 'transport "t"'],
  ['[hid]10.0.0.1;foo=bar', 14, 'no parameter "foo"'],
  ['[hid]10.0.0.1;Transport=udp', 14, 'no parameter "Transport"'],
  ['[hid]10.0.0.1;VERSION=2', 14, 'no parameter "VERSION"'],
  ['[hid]10.0.0.1;uri=10.0.0.2', 14, 'no parameter "uri"'],
  ['[hid]10.0.0.1:abc', 5, 'port "abc"'],
  ['[hid]10.0.0.1:', 5, 'port ""'],
  ['[hid]sip:1.2.3.4:9060', 5, 'port "1.2.3.4:9060"'],
  ['[hid]2001:db8::1', 5, 'port "db8::1"'],
  ['[hid][10.0.0.1]:9060', 5, 'not an IPv6 address'],
  ['[hid]a b:9060', 5, 'not host[:port]'],
  ['[hid]', 5, 'host is missing'],
  ['[hid];version=3', 5, 'host is missing'],
  ['[hid]transport=tcp', 5, 'host is missing'],
  ['[hid]transport=tcp;10.0.0.1', 5, 'host is missing'],
  ['[hid]a=b:9060', 5, 'host is missing'],
  ['[hid]10.0.0.1;transport=', 14, 'not key=value'],
  ['[hid]10.0.0.1;transport=;version=3', 14, 'not key=value'],
  ['[hid]10.0.0.1;transport=tcp=udp', 14, 'not key=value'],
  ['[hid]10.0.0.1;;', 14, 'not key=value'],
  ['[hid]10.0.0.1;udp', 14, 'not key=value'],
  ['hid 10.0.0.1', 0, 'must begin with a name'],
  ['[hid 10.0.0.1', 0, 'must begin with a name'],
  ['', 0, 'must begin with a name'],
]

/** Rows of the table of inputs that OpenSIPS' own parser was tried with, and what is tested of each. */
const ROWS: readonly (readonly string[])[] = [
  ['[hep_dst] 127.0.0.1:8001; transport=tcp; version=3'],
  ['[hep_dst] 1.2.3.4:5000; version=2'],
  ['[hep_dst]1.2.3.4', '[hep_dst] 1.2.3.4;'],
  ['[ hep_dst ] 10.0.0.1:9060;transport=UDP;version=3'],
  ['[hid]10.10.10.10:9060;version=1;transport=tls'],
  ['[hid]homer.example.com:9060 ; transport = udp'],
  ['[hid]10.0.0.1:9060;version=3;version=2'],
  ['[a b]10.0.0.1'],
  ['[hid]10.10.10.10:99999'],
  ['[]10.0.0.1'],
  ['[hid]10.0.0.1;version=4', '[hid]10.0.0.1;version=0', '[hid]10.0.0.1;version=abc'],
  ['[hid]10.0.0.1; transport=sctp', '[hid]10.0.0.1;transport=t'],
  ['[hid]10.0.0.1;foo=bar', '[hid]10.0.0.1;Transport=udp', '[hid]10.0.0.1;VERSION=2'],
  ['[hid]10.0.0.1:abc', '[hid]10.0.0.1:', '[hid]sip:1.2.3.4:9060'],
  ['[hid]', '[hid]transport=tcp', '[hid]transport=tcp;10.0.0.1'],
  [
    '[hid]10.0.0.1;transport=',
    '[hid]10.0.0.1;transport=;version=3',
    '[hid]10.0.0.1;transport=tcp=udp',
    '[hid]10.0.0.1;;',
  ],
  ['hid 10.0.0.1', '[hid 10.0.0.1'],
  ['[hid][2001:db8::1]:9061;transport=tls', '[hid]2001:db8::1'],
]

describe('parseHepId', () => {
  it.each(ACCEPTED)('reads %s', (text, expected, warning) => {
    const result = parseHepId(text)
    expect(result).toMatchObject({ ok: true, destination: expected })
    if (warning === undefined) expect(result).not.toHaveProperty('warning')
    else expect(result).toHaveProperty('warning', expect.stringContaining(warning))
    expect(parseHepId(formatHepId(expected))).toEqual({ ok: true, destination: expected })
  })

  it.each(REFUSED)('refuses %s', (text, at, message) => {
    expect(parseHepId(text)).toEqual({ ok: false, at, message: expect.stringContaining(message) })
  })

  it('is tested with every row of the table', () => {
    const tested = [...ACCEPTED, ...REFUSED].map(([text]) => text)
    expect(ROWS).toHaveLength(18)
    expect(ROWS.flat().filter((text) => !tested.includes(text))).toEqual([])
  })
})
