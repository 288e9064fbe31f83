import { SenderError, type HepSender, type SenderOptions } from './hep-sender.ts'
import { parseTarget } from './target.ts'
import { openTcpSender } from './tcp-sender.ts'
import { openUdpSender } from './udp-sender.ts'

export { SenderError, type HepSender, type SenderOptions } from './hep-sender.ts'

/**
 * Open a way to a HEP receiver.
 *
 * @param url `udp://host:port`, `tcp://host:port`, `hep_udp:host:port` or `hep_tcp:host:port`; IPv6 in brackets
 * @throws SenderError if the URL is malformed, the host has no address, or TCP cannot connect in time
 */
export async function openSender(url: string, options: SenderOptions = {}): Promise<HepSender> {
  const parsed = parseTarget(url)
  if (!parsed.ok) throw new SenderError('ERR_TARGET_INVALID', parsed.reason)
  const { target } = parsed
  return target.transport === 'udp' ? openUdpSender(target, options) : openTcpSender(target, options)
}
