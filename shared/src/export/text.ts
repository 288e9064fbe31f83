import { transportOf } from '../hep/chunks.ts'
import type { PcapMessage } from '../pcap/write.ts'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * A message to read: a line with time (UTC), transport and both ends, then the message and an empty line. What is not
 * UTF-8 becomes U+FFFD.
 */
export function messageText(message: PcapMessage): string {
  const { tsUs, ipProtocol, srcIp, srcPort, dstIp, dstPort, bytes } = message
  const transport = transportOf(ipProtocol).toUpperCase()
  const text = utf8.decode(bytes).replace(/\r\n/g, '\n').trimEnd()
  return `--- ${timeText(tsUs)} ${transport} ${endpoint(srcIp, srcPort)} -> ${endpoint(dstIp, dstPort)}\n\n${text}\n\n`
}

/** `2026-11-22 08:15:00.000001` */
function timeText(tsUs: number): string {
  const date = new Date(Math.floor(tsUs / 1000)).toISOString()
  return `${date.slice(0, 10)} ${date.slice(11, 23)}${String(tsUs % 1000).padStart(3, '0')}`
}

function endpoint(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}
