import { PROTOCOL_TYPE, protocolTypeName } from '@hepscope/shared/hep/chunks.ts'
import type { LadderMessage } from '../ladder/message.ts'

/** What a message is, in a few words: method, code and reason, or the type of what is not SIP. */
export function messageTitle({ proto, method, statusCode, reason }: LadderMessage): string {
  if (proto !== PROTOCOL_TYPE.sip || method === '') return protocolTypeName(proto)
  return statusCode === 0 ? method : `${statusCode} ${reason}`
}
