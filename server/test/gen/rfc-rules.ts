import type { CheckedMessage } from './sip-check.ts'

/**
 * What the messages of one Call-ID, in time order, break of RFC 3261: one sentence each.
 * Messages are compared on their own hop, that is between the same two addresses.
 */
export function brokenRules(messages: readonly CheckedMessage[]): string[] {
  const broken: string[] = []
  const seen: CheckedMessage[] = []
  for (const message of messages) {
    const say = (rule: string) => broken.push(`${rule}:\n${message.text}`)
    if (message.fromTag === undefined) say('From without a tag')
    if (message.status === undefined) checkRequest(message, seen, say)
    else checkResponse(message, seen, say)
    seen.push(message)
  }
  return broken
}

type Say = (rule: string) => void

function checkRequest(request: CheckedMessage, seen: readonly CheckedMessage[], say: Say): void {
  const isRepeated = seen.some((other) => other.text === request.text && other.from === request.from)
  if (isRepeated) return
  switch (request.what) {
    case 'ACK': {
      checkAck(request, seen, say)
      return
    }
    case 'CANCEL': {
      checkCancel(request, seen, say)
      return
    }
    default:
      checkNewRequest(request, seen, say)
  }
}

function checkNewRequest(request: CheckedMessage, seen: readonly CheckedMessage[], say: Say): void {
  const branch = request.branches[0]
  if (seen.some((other) => other.status === undefined && other.branches[0] === branch)) say('branch used before')
  const isFirstHop = request.vias.length === 1
  const origin = seen.filter((other) => other.what === request.what && other.fromTag === request.fromTag)
  const sameOnOtherHop = origin.some((other) => other.branches.at(-1) === request.branches.at(-1))
  if (!isFirstHop && !sameOnOtherHop) say('second hop before the first')
  if (isFirstHop) {
    const earlier = seen.filter(
      (other) => other.status === undefined && other.vias.length === 1 && other.fromTag === request.fromTag,
    )
    if (earlier.some((other) => other.cseqNumber >= request.cseqNumber)) say('CSeq number does not rise')
  }
  if (request.toTag !== undefined) checkInDialog(request, seen, say)
}

function checkInDialog(request: CheckedMessage, seen: readonly CheckedMessage[], say: Say): void {
  const tags = [request.fromTag, request.toTag].sort().join()
  const isKnown = seen.some(
    ({ status, fromTag, toTag }) =>
      status !== undefined && status > 100 && status < 300 && [fromTag, toTag].sort().join() === tags,
  )
  if (!isKnown) say('tags of no dialog')
  const hasRoute = request.header('Route') !== undefined
  if (hasRoute !== (request.vias.length === 1)) say('Route where it should not be, or none')
}

function checkAck(ack: CheckedMessage, seen: readonly CheckedMessage[], say: Say): void {
  const finals = seen.filter(
    (other) =>
      other.status !== undefined &&
      other.status >= 200 &&
      other.cseqMethod === 'INVITE' &&
      other.cseqNumber === ack.cseqNumber &&
      other.toTag === ack.toTag,
  )
  const onThisHop = finals.filter((other) => other.to === ack.from && other.from === ack.to)
  const [final] = onThisHop
  if (final === undefined) {
    say('ACK of no final response on this hop')
    return
  }
  const invite = seen.find((other) => other.what === 'INVITE' && other.branches[0] === final.branches[0])
  if (invite === undefined) {
    say('ACK of no INVITE')
    return
  }
  if ((final.status ?? 0) >= 300) {
    if (ack.vias.length !== 1 || ack.branches[0] !== invite.branches[0]) say('ACK of a failure has another branch')
    if (ack.requestUri !== invite.requestUri) say('ACK of a failure has another Request-URI')
    return
  }
  if (seen.some((other) => other.branches[0] === ack.branches[0])) say('ACK of a 2xx is no new transaction')
}

function checkCancel(cancel: CheckedMessage, seen: readonly CheckedMessage[], say: Say): void {
  const invite = seen.find(
    (other) => other.what === 'INVITE' && other.branches[0] === cancel.branches[0] && other.from === cancel.from,
  )
  if (invite === undefined) {
    say('CANCEL of no INVITE')
    return
  }
  if (cancel.vias.length !== 1) say('CANCEL with more than one Via')
  for (const name of ['From', 'To', 'Call-ID']) {
    if (cancel.header(name) !== invite.header(name)) say(`CANCEL with another ${name}`)
  }
  if (cancel.requestUri !== invite.requestUri) say('CANCEL with another Request-URI')
  if (cancel.cseqNumber !== invite.cseqNumber) say('CANCEL with another CSeq number')
}

function checkResponse(response: CheckedMessage, seen: readonly CheckedMessage[], say: Say): void {
  const request = seen.find(
    (other) =>
      other.status === undefined &&
      other.what === response.cseqMethod &&
      other.branches[0] === response.branches[0] &&
      other.from === response.to &&
      other.to === response.from,
  )
  if (request === undefined) {
    say('response to no request on this hop')
    return
  }
  if (response.branches.join() !== request.branches.join()) say('other Vias than the request')
  if (response.cseqNumber !== request.cseqNumber) say('other CSeq number than the request')
  if (response.fromTag !== request.fromTag) say('other From tag than the request')
  if (request.toTag !== undefined && response.toTag !== request.toTag) say('other To tag than the request')
  if (response.what === '100' ? response.toTag !== request.toTag : response.toTag === undefined) say('odd To tag')
}
