/** A SIP message as SIPp had it on the wire. */
export interface SippMessage {
  readonly isSent: boolean
  readonly bytes: Buffer
}

const RULE = '-'.repeat(40)
const HEAD = /^-+ .*\n(?:UDP|TCP) message (?:sent (?:\((\d+) bytes\)|\[(\d+)\] bytes)|received \[(\d+)\] bytes) ?:\n\n/

/**
 * Read what SIPp writes with `-trace_msg`: below a line that begins with a rule the direction and the length, then the
 * message. Between two of them there may be remarks.
 *
 * @throws Error where it does not look like that
 */
export function readSippLog(log: Buffer): readonly SippMessage[] {
  const messages: SippMessage[] = []
  let at = log.indexOf(RULE)
  while (at >= 0) {
    // Long enough for a head; as Latin-1 a character is a byte.
    const head = HEAD.exec(log.toString('latin1', at, at + 300))
    if (head === null) throw new Error(`not a message log of SIPp: ${log.toString('latin1', at, at + 200)}`)
    const [text, sent, sentOtherwise, received] = head
    const from = at + text.length
    const to = from + Number(sent ?? sentOtherwise ?? received)
    messages.push({ isSent: received === undefined, bytes: log.subarray(from, to) })
    at = log.indexOf(RULE, to)
  }
  return messages
}
