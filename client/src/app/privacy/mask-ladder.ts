import { isRtcp } from '@hepscope/shared/rtcp/binary.ts'
import type { LadderUpdate } from '../../worker/protocol.ts'
import type { LadderMessage } from '../ladder/message.ts'
import { maskMessage } from './mask-message.ts'
import { maskPayload } from './mask-payload.ts'
import { maskRow } from './mask-rows.ts'
import type { Masker } from './masker.ts'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** A message of a ladder, with its text. */
export function maskLadderMessage(message: LadderMessage, masker: Masker): LadderMessage {
  return {
    ...message,
    node: masker.name(message.node),
    srcIp: masker.host(message.srcIp),
    dstIp: masker.host(message.dstIp),
    reason: masker.text(message.reason),
    callId: masker.callId(message.callId),
    branch: masker.text(message.branch),
    fromTag: masker.text(message.fromTag),
    toTag: masker.text(message.toTag),
    agentName: masker.name(message.agentName),
    ...maskedPayload(message, masker),
  }
}

function maskedPayload({ payload, raw }: LadderMessage, masker: Masker): Pick<LadderMessage, 'payload' | 'raw'> {
  if (payload === undefined) return { payload, raw: undefined }
  if (raw === undefined) return { payload: maskMessage(payload, masker), raw }
  const masked = maskPayload(raw, masker)
  return { payload: decoder.decode(masked), raw: isRtcp(masked) ? masked : undefined }
}

export function maskLadder(update: LadderUpdate, masker: Masker): LadderUpdate {
  return {
    ...update,
    calls: update.calls.map((row) => maskRow(row, masker)),
    messages: update.messages.map((message) => maskLadderMessage(message, masker)),
  }
}

/** The id of a lane: `ip:port` or `ip`, with the letter of a leg before; names of hosts are in no id that is shown. */
export function maskLaneId(id: string, masker: Masker): string {
  return mapLaneId(id, (endpoint) => masker.endpoint(endpoint))
}

/** The other way. */
export function realLaneId(id: string, masker: Masker): string {
  return mapLaneId(id, (endpoint) => masker.realEndpoint(endpoint))
}

function mapLaneId(id: string, map: (endpoint: string) => string): string {
  const [, leg = '', rest = ''] = /^([^|]*\|)?(.*)$/s.exec(id) ?? []
  return rest === '?' || rest.startsWith('@') ? id : leg + map(rest)
}
