import type { Listener } from '../http/server.ts'

/** How one kind of agent is told to send HEP here. */
export interface SenderLines {
  readonly name: string
  /** Where the lines go. */
  readonly where: string
  readonly lines: string
}

/**
 * Ready lines for every agent that can reach one of the listeners.
 *
 * @param host under which the agents reach this server
 */
export function senderLines(host: string, listeners: readonly Listener[]): readonly SenderLines[] {
  const listener = listeners.find(({ transport }) => transport === 'udp') ?? listeners[0]
  if (listener === undefined) return []
  const { transport, port } = listener
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  return [
    {
      name: 'OpenSIPS',
      where: 'opensips.cfg',
      lines: [
        'loadmodule "proto_hep.so"',
        'loadmodule "tracer.so"',
        `modparam("proto_hep", "hep_id", "[hepscope] ${address}; transport=${transport}; version=3")`,
        'modparam("tracer", "trace_on", 1)',
        'modparam("tracer", "trace_id", "[hepscope]uri=hep:hepscope")',
        '',
        '# first thing in route { }:',
        'trace("hepscope", "D", "sip");',
      ].join('\n'),
    },
    {
      name: 'Kamailio',
      where: 'kamailio.cfg',
      lines: [
        'loadmodule "siptrace.so"',
        `modparam("siptrace", "duplicate_uri", "sip:${address}")`,
        'modparam("siptrace", "hep_mode_on", 1)',
        'modparam("siptrace", "hep_version", 3)',
        'modparam("siptrace", "trace_to_database", 0)',
        'modparam("siptrace", "trace_on", 1)',
        'modparam("siptrace", "trace_mode", 1)',
      ].join('\n'),
    },
    {
      name: 'sngrep',
      where: 'shell, on any host that sees the traffic',
      lines: `sngrep -H ${transport}:${address}`,
    },
    {
      name: 'heplify',
      where: 'shell, on any host that sees the traffic',
      lines: `heplify -i any -m SIPRTCP -hs ${address}${transport === 'udp' ? '' : ` -nt ${transport}`}`,
    },
    {
      name: 'Asterisk',
      where: 'hep.conf',
      lines: ['[general]', 'enabled = yes', `capture_address = ${address}`, 'capture_id = 2001'].join('\n'),
    },
    {
      name: 'FreeSWITCH',
      where: 'sofia.conf.xml and the SIP profile',
      lines: [
        '<!-- sofia.conf.xml, global_settings -->',
        `<param name="capture-server" value="${transport}:${address};hep=3;capture_id=2001"/>`,
        '<!-- each profile -->',
        '<param name="sip-capture" value="yes"/>',
      ].join('\n'),
    },
    {
      name: 'rtpengine',
      where: 'command line',
      lines: `--homer=${address} --homer-protocol=${transport} --homer-id=2001`,
    },
  ]
}

/** Addresses of the listeners as agents see them, e.g. `udp 192.0.2.1:9060`. */
export function listenerAddresses(host: string, listeners: readonly Listener[]): readonly string[] {
  return listeners.map((listener) => {
    const isAny = listener.host === '0.0.0.0' || listener.host === '::' || listener.host === ''
    const shown = isAny ? host : listener.host
    return `${listener.transport} ${shown.includes(':') ? `[${shown}]` : shown}:${listener.port}`
  })
}
