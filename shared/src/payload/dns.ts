import { type Members, memberOf, numberOf, objectsOf, present, textOf } from './json.ts'

/** A DNS message as heplify reports it (HEP protocol type 53). */
export interface DnsView {
  readonly kind: 'dns'
  readonly id?: number
  readonly isResponse: boolean
  /** 0 is no error, 3 no such name. */
  readonly responseCode?: number
  readonly isTruncated: boolean
  readonly questions: readonly DnsQuestion[]
  readonly answers: readonly DnsAnswer[]
}

export interface DnsQuestion {
  readonly name: string
  /** Number or name as it was sent: 1 is A, 33 SRV, 35 NAPTR. */
  readonly type: string
}

export interface DnsAnswer extends DnsQuestion {
  readonly ttlSeconds?: number
  /** Address or name that the record leads to. */
  readonly target?: string
}

const MAX_RECORDS = 64

/** @returns undefined if it is none */
export function viewDns(members: Members): DnsView | undefined {
  const questions = objectsOf(members, 'questions').slice(0, MAX_RECORDS)
  const answers = objectsOf(members, 'answers').slice(0, MAX_RECORDS)
  if (questions.length === 0 && answers.length === 0 && !members.has('rescode')) return undefined
  const qr = memberOf(members, 'qr')
  return present<DnsView>({
    kind: 'dns',
    id: numberOf(members, 'id'),
    isResponse: qr === true || qr === 1 || (qr === undefined && answers.length > 0),
    responseCode: numberOf(members, 'rescode', 'rcode'),
    isTruncated: memberOf(members, 'tc') === true,
    questions: questions.map(readQuestion),
    answers: answers.map((answer) =>
      present<DnsAnswer>({
        ...readQuestion(answer),
        ttlSeconds: numberOf(answer, 'ttl'),
        target: textOf(answer, 'ip', 'cname', 'ns', 'ptr', 'target'),
      }),
    ),
  })
}

function readQuestion(members: Members): DnsQuestion {
  return { name: textOf(members, 'name') ?? '', type: textOf(members, 'type') ?? '' }
}
