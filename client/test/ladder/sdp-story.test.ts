import { describe, expect, it } from 'vitest'
import { sdpHintOf } from '../../src/app/ladder/hint.ts'
import type { LadderMessage } from '../../src/app/ladder/message.ts'
import { type SdpFact, sdpStory } from '../../src/app/ladder/sdp-story.ts'
import { messagesOf } from './messages.ts'

interface Body {
  readonly codecs?: string
  readonly at?: string
  readonly direction?: string
}

const sdp = ({ codecs = '8', at = '10.1.1.1:4000', direction }: Body): string => {
  const [address = '', port = ''] = at.split(':')
  const lines = ['v=0', `c=IN IP4 ${address}`, `m=audio ${port} RTP/AVP ${codecs}`]
  return `x SIP/2.0\r\nA: b\r\n\r\n${[...lines, ...(direction === undefined ? [] : [`a=${direction}`]), ''].join('\r\n')}`
}

/** Messages of a script with `sdp=1` on each line, and their bodies one after the other. */
function withBodies(script: string, bodies: readonly (Body | undefined)[]): LadderMessage[] {
  return messagesOf(script).map((message, i) => {
    const body = bodies[i]
    return body === undefined ? { ...message, hasSdp: false } : { ...message, hasSdp: true, payload: sdp(body) }
  })
}

function factsOf(messages: readonly LadderMessage[]): (SdpFact | undefined)[] {
  const { facts } = sdpStory(messages)
  return messages.map((message) => facts.get(message))
}

function stepsOf(messages: readonly LadderMessage[]): string[] {
  return sdpStory(messages).steps.map(({ kind, text }) => `${kind} ${text}`)
}

const B_MEDIA = '10.1.1.2:5000'

describe('sdpStory', () => {
  it('takes the codec of the answer', () => {
    const messages = withBodies('0 a>b INVITE 1 b1\n9 b>a 200 INVITE 1 b1', [
      { codecs: '0 8 18 101' },
      { codecs: '18', at: B_MEDIA },
    ])
    expect(factsOf(messages)).toMatchObject([
      { role: 'offer', codecs: ['PCMU', 'PCMA', 'G729', 'payload type 101'], address: '10.1.1.1:4000' },
      { role: 'answer', codecs: ['G729'], isMismatch: false },
    ])
    expect(stepsOf(messages)).toEqual(['agreed G729'])
  })

  it('knows an offer in the answer to an INVITE that had none, and the answer in ACK', () => {
    const messages = withBodies('0 a>b INVITE 1 b1\n9 b>a 200 INVITE 1 b1\n10 a>b ACK 1 b2', [
      undefined,
      { codecs: '0 8', at: B_MEDIA },
      { codecs: '8' },
    ])
    expect(factsOf(messages).map((fact) => fact?.role)).toEqual([undefined, 'offer', 'answer'])
    expect(stepsOf(messages)).toEqual(['agreed PCMA'])
  })

  it('tells hold and resume from what only answers them', () => {
    const messages = withBodies(
      `0 a>b INVITE 1 b1\n1 b>a 200 INVITE 1 b1
       2 a>b INVITE 2 b2\n3 b>a 200 INVITE 2 b2
       4 a>b INVITE 3 b3\n5 b>a 200 INVITE 3 b3`,
      [{}, { at: B_MEDIA }, { direction: 'sendonly' }, { at: B_MEDIA, direction: 'recvonly' }, {}, { at: B_MEDIA }],
    )
    expect(factsOf(messages).map((fact) => fact?.change)).toEqual([
      undefined,
      undefined,
      'hold',
      undefined,
      'resume',
      undefined,
    ])
    expect(stepsOf(messages)).toEqual(['agreed PCMA', 'hold 10.0.0.1', 'resume 10.0.0.1'])
  })

  it('knows the old way to hold, too', () => {
    const messages = withBodies('0 a>b INVITE 1 b1\n2 a>b INVITE 2 b2', [{}, { at: '0.0.0.0:4000' }])
    expect(factsOf(messages).map((fact) => fact?.change)).toEqual([undefined, 'hold'])
  })

  it('sees media move', () => {
    const messages = withBodies('0 a>b INVITE 1 b1\n2 a>b UPDATE 2 b2', [{}, { at: '10.7.7.7:4000' }])
    expect(stepsOf(messages)).toEqual(['address 10.7.7.7:4000', 'unanswered PCMA'])
  })

  it.each([
    ['an answer without a codec of the offer', { codecs: '18' }],
    ['media refused', { at: '10.1.1.2:0' }],
  ] as const)('calls %s a mismatch', (_, body) => {
    const messages = withBodies('0 a>b INVITE 1 b1\n9 b>a 200 INVITE 1 b1', [{ codecs: '0 8' }, body])
    expect(factsOf(messages)[1]?.isMismatch).toBe(true)
  })

  it('tells the story of the first hop of each leg once', () => {
    const messages = withBodies(
      `0 a>p INVITE 1 b1\n1 p>b INVITE 1 b2\n2 b>p 200 INVITE 1 b2\n3 p>a 200 INVITE 1 b1
       4 p>c INVITE 1 c1 call=leg-2\n5 c>p 200 INVITE 1 c1 call=leg-2`,
      [{ codecs: '0 8' }, { codecs: '0 8' }, {}, {}, { codecs: '18' }, { codecs: '18' }],
    )
    expect(sdpStory(messages).steps.map(({ callId, text }) => [callId, text])).toEqual([
      ['call-1', 'PCMA'],
      ['leg-2', 'G729'],
    ])
  })

  it('does not take the answers of two branches for a new negotiation', () => {
    const messages = withBodies('0 a>p INVITE 1 b1\n2 p>a 183 INVITE 1 b1\n3 p>a 200 INVITE 1 b1', [
      { codecs: '0 8' },
      { at: B_MEDIA },
      { at: B_MEDIA },
    ])
    expect(factsOf(messages).map((fact) => fact?.role)).toEqual(['offer', 'answer', 'answer'])
    expect(stepsOf(messages)).toEqual(['agreed PCMA'])
  })

  it('knows whose media an address is, and its clock', () => {
    const messages = withBodies('0 a>p INVITE 1 b1\n1 p>b INVITE 1 b2', [{ codecs: '9' }, { codecs: '9' }])
    const { owners, codecs } = sdpStory(messages)
    expect([...owners]).toEqual([
      ['10.1.1.1 4000', '10.0.0.1 5060'],
      ['10.1.1.1 4001', '10.0.0.1 5060'],
    ])
    expect(codecs.get('10.1.1.1 4001')).toEqual({ codec: 'G722', clockRateHz: 8000 })
  })
})

describe('sdpHintOf', () => {
  const fact: SdpFact = {
    role: 'offer',
    codecs: ['opus', 'PCMU', 'PCMA', 'G729'],
    address: '10.1.1.1:4000',
    direction: 'sendrecv',
    change: undefined,
    isMismatch: false,
  }

  it.each([
    ['codec', {}, 'opus PCMU PCMA +1'],
    ['codec', { role: 'answer' }, 'opus'],
    ['full', {}, 'opus PCMU PCMA +1 · 10.1.1.1:4000'],
    ['full', { direction: 'sendonly', change: 'hold' }, '‖ hold · opus PCMU PCMA +1 · 10.1.1.1:4000 · sendonly'],
    ['off', { change: 'resume' }, '▶ resume'],
    ['off', {}, undefined],
    ['off', { isMismatch: true }, '✕ no common codec'],
  ] as const)('in mode "%s" with %j is %s', (mode, more, text) => {
    expect(sdpHintOf({ ...fact, ...more }, mode)?.text).toBe(text)
  })
})
