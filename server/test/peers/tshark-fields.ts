/** What tshark calls the time, addresses and Call-ID of a SIP message. */
export const MESSAGE_FIELDS = [
  'frame.time_epoch',
  'ip.src',
  'ip.dst',
  'ipv6.src',
  'ipv6.dst',
  'udp.srcport',
  'udp.dstport',
  'tcp.srcport',
  'tcp.dstport',
  'sip.Call-ID',
] as const

/** Arguments with which tshark prints fields of the packets of a file that a filter lets pass; checksums are checked. */
export function tsharkArgs(path: string, filter: string, fields: readonly string[]): string[] {
  const checks = ['ip', 'udp', 'tcp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`])
  const columns = fields.flatMap((field) => ['-e', field])
  return ['-r', path, '-n', ...checks, '-Y', filter, '-T', 'fields', ...columns]
}

/** Fields of each packet, of what it printed. */
export function tsharkRows(printed: string): string[][] {
  return printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'))
}
