import type { Listener } from '../http/server.ts'

/** How one kind of agent is told to send HEP here. */
export interface SenderLines {
  readonly name: string
  /** Where the lines go. */
  readonly where: string
  readonly lines: string
}

/** Where an agent is to send. */
interface Target {
  readonly transport: string
  /** `host:port`, IPv6 in brackets. */
  readonly address: string
  readonly isIpv6: boolean
}

interface Sender {
  readonly name: string
  readonly where: string
  /** What it can send by, the usual first. */
  readonly transports: readonly string[]
  /** It takes the first colon for the one before the port. */
  readonly isIpv4Only?: true
  readonly lines: (target: Target) => readonly string[]
}

const SENDERS: readonly Sender[] = [
  {
    name: 'OpenSIPS',
    where: 'opensips.cfg, with the modules tm and dialog',
    transports: ['udp', 'tcp'],
    lines: ({ transport, address, isIpv6 }) => [
      '# proto_hep does not start without a socket of its own, and sends from it',
      `socket = hep_${transport}:${isIpv6 ? '[::]' : '0.0.0.0'}:6060`,
      'loadmodule "proto_hep.so"',
      'loadmodule "tracer.so"',
      `modparam("proto_hep", "hep_id", "[hepscope] ${address}; transport=${transport}; version=3")`,
      'modparam("proto_hep", "hep_capture_id", 2001)',
      'modparam("tracer", "trace_on", 1)',
      'modparam("tracer", "trace_id", "[hepscope]uri=hep:hepscope")',
      '',
      '# first thing in route { }:',
      'if (!has_totag()) trace("hepscope", "d");',
    ],
  },
  {
    name: 'Kamailio',
    where: 'kamailio.cfg',
    transports: ['udp', 'tcp', 'tls'],
    lines: ({ transport, address }) => [
      ...(transport === 'udp' ? [] : [`# needs a listen=${transport}:… of its own to send from`]),
      'loadmodule "siptrace.so"',
      `modparam("siptrace", "duplicate_uri", "sip:${address}${transport === 'udp' ? '' : `;transport=${transport}`}")`,
      'modparam("siptrace", "hep_mode_on", 1)',
      'modparam("siptrace", "hep_version", 3)',
      'modparam("siptrace", "hep_capture_id", 2002)',
      'modparam("siptrace", "trace_to_database", 0)',
      'modparam("siptrace", "trace_on", 1)',
      'modparam("siptrace", "trace_mode", 1)',
    ],
  },
  {
    name: 'sngrep',
    where: 'shell, on any host that sees the traffic',
    transports: ['udp'],
    isIpv4Only: true,
    lines: ({ address }) => [`sngrep -H udp:${address}`],
  },
  {
    name: 'heplify',
    where: 'shell, on any host that sees the traffic',
    transports: ['udp', 'tcp', 'tls'],
    lines: ({ transport, address }) => [
      `heplify -i any -m SIPRTCP -hs ${address}${transport === 'udp' ? '' : ` -nt ${transport}`}`,
    ],
  },
  {
    name: 'Asterisk',
    where: 'hep.conf, with the modules res_hep, res_hep_pjsip and res_hep_rtcp',
    transports: ['udp'],
    lines: ({ address }) => [
      '[general]',
      'enabled = yes',
      `capture_address = ${address}`,
      'capture_id = 2003',
      'uuid_type = call-id',
    ],
  },
  {
    name: 'FreeSWITCH',
    where: 'sofia.conf.xml and the SIP profiles',
    transports: ['udp'],
    lines: ({ address }) => [
      '<!-- sofia.conf.xml, global_settings -->',
      `<param name="capture-server" value="udp:${address};hep=3;capture_id=2005"/>`,
      '<!-- each profile -->',
      '<param name="sip-capture" value="yes"/>',
    ],
  },
  {
    name: 'rtpengine',
    where: 'command line; sends RTCP',
    transports: ['udp', 'tcp'],
    lines: ({ transport, address }) => [`--homer=${address} --homer-protocol=${transport} --homer-id=2004`],
  },
]

/**
 * Ready lines for every agent that can reach one of the listeners.
 *
 * @param host under which the agents reach this server
 */
export function senderLines(host: string, listeners: readonly Listener[]): readonly SenderLines[] {
  const isIpv6 = host.includes(':')
  return SENDERS.flatMap(({ name, where, transports, isIpv4Only = false, lines }) => {
    const listener = transports.flatMap((known) => listeners.find(({ transport }) => transport === known) ?? []).at(0)
    if (listener === undefined || (isIpv6 && isIpv4Only)) return []
    const { transport, port } = listener
    const address = `${isIpv6 ? `[${host}]` : host}:${port}`
    return [{ name, where, lines: lines({ transport, address, isIpv6 }).join('\n') }]
  })
}

/** Addresses of the listeners as agents see them, e.g. `udp 192.0.2.1:9060`. */
export function listenerAddresses(host: string, listeners: readonly Listener[]): readonly string[] {
  return listeners.map((listener) => {
    const isAny = listener.host === '0.0.0.0' || listener.host === '::' || listener.host === ''
    const shown = isAny ? host : listener.host
    return `${listener.transport} ${shown.includes(':') ? `[${shown}]` : shown}:${listener.port}`
  })
}
