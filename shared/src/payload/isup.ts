import { type Members, numberOf, objectOf, present, textOf } from './json.ts'

/** An ISUP message over M3UA, as captagent and its kin report it (HEP protocol type 54). */
export interface IsupView {
  readonly kind: 'isup'
  /** e.g. 1. */
  readonly messageType?: number
  /** e.g. `IAM`. */
  readonly messageName?: string
  /** Point codes and circuit, as the sender writes them. */
  readonly opc?: string
  readonly dpc?: string
  readonly cic?: string
  readonly calledNumber?: string
  readonly callingNumber?: string
  /** Q.850 cause of a release. */
  readonly cause?: number
  readonly causeName?: string
  /** What both directions of one call have in common: `min(opc,dpc):max(opc,dpc):cic`, captagent's correlation id. */
  readonly circuit?: string
}

/** @returns undefined if it has neither message nor circuit */
export function viewIsup(members: Members): IsupView | undefined {
  if (!members.has('msg_type') && !members.has('msg_name') && !members.has('cic')) return undefined
  const opc = textOf(members, 'opc')
  const dpc = textOf(members, 'dpc')
  const cic = textOf(members, 'cic')
  const cause = objectOf(members, 'cause', 'cause_indicator', 'cause_indicators')
  return present<IsupView>({
    kind: 'isup',
    messageType: numberOf(members, 'msg_type'),
    messageName: textOf(members, 'msg_name'),
    opc,
    dpc,
    cic,
    calledNumber: partyNumber(members, 'called_number'),
    callingNumber: partyNumber(members, 'calling_number'),
    cause: cause === undefined ? numberOf(members, 'cause') : numberOf(cause, 'num', 'cause', 'value'),
    causeName: cause === undefined ? undefined : textOf(cause, 'name', 'cause_name'),
    circuit: opc === undefined || dpc === undefined || cic === undefined ? undefined : circuitOf(opc, dpc, cic),
  })
}

/** Digits without the filler and the end-of-dialling mark `F`. */
function partyNumber(members: Members, name: string): string | undefined {
  const party = objectOf(members, name)
  const digits = party === undefined ? textOf(members, name) : textOf(party, 'num')
  return digits?.replace(/F$/i, '')
}

function circuitOf(opc: string, dpc: string, cic: string): string {
  const isOrdered =
    Number.isFinite(Number(opc)) && Number.isFinite(Number(dpc)) ? Number(opc) <= Number(dpc) : opc <= dpc
  return isOrdered ? `${opc}:${dpc}:${cic}` : `${dpc}:${opc}:${cic}`
}
