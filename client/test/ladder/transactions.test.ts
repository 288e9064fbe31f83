import { describe, expect, it } from 'vitest'
import { DEFAULT_VIEW, type LadderView } from '../../src/app/ladder/ladder-view.ts'
import { LadderModel } from '../../src/app/ladder/layout.ts'
import type { MessageRow } from '../../src/app/ladder/row.ts'
import { toggleCopies, toggleFold } from '../../src/app/ladder/view-changes.ts'
import { messagesOf } from './messages.ts'

const ALL: LadderView = { ...DEFAULT_VIEW, fold: 'all' }

function modelOf(script: string): LadderModel {
  const model = new LadderModel()
  model.add(messagesOf(script))
  return model
}

function rowsOf(model: LadderModel, view: LadderView = DEFAULT_VIEW): MessageRow[] {
  return model.scene(view).rows.filter((row) => row.kind === 'message')
}

function labelsOf(model: LadderModel, view: LadderView = DEFAULT_VIEW): string[] {
  return rowsOf(model, view).map(({ label, fold }) => (fold === undefined ? label : `${label} (${fold.count})`))
}

const CHALLENGED = `
  0  a>p INVITE 1 b1
  1  p>a 407 INVITE 1 b1
  2  a>p ACK 1 b1
  3  a>p INVITE 2 b2
  4  p>a 200 INVITE 2 b2
  5  a>p ACK 2 b3`

describe('folded transactions', () => {
  it('are a request with all its answers and its ACK, over one hop', () => {
    const model = modelOf(`
      0   a>p INVITE 1 b1
      1   p>a 100 INVITE 1 b1
      2   p>b INVITE 1 b2
      3   b>p 180 INVITE 1 b2
      4   p>a 180 INVITE 1 b1
      900 b>p 200 INVITE 1 b2
      901 p>a 200 INVITE 1 b1
      910 a>p ACK 1 b3
      911 p>b ACK 1 b4
      950 b>p BYE 9 b5
      960 p>b 200 BYE 9 b5`)
    expect(labelsOf(model, ALL)).toEqual(['INVITE → 200 OK (5)', 'INVITE → 200 OK (4)', 'BYE → 200 OK (2)'])
    expect(rowsOf(model, ALL)[0]).toMatchObject({ fromLane: 0, toLane: 1, tone: '2xx', fold: { lengthUs: 901_000 } })
  })

  it('say what there is as long as there is no final answer', () => {
    expect(labelsOf(modelOf('0 a>b INVITE 1 b1\n9 b>a 180 INVITE 1 b1'), ALL)).toEqual(['INVITE → 180 Ringing … (2)'])
    expect(labelsOf(modelOf('0 a>b INVITE 1 b1\n500 a>b INVITE 1 b1'), ALL)).toEqual(['INVITE → no answer (2)'])
  })

  it('count the repeats in them', () => {
    const model = modelOf('0 a>b INVITE 1 b1\n500 a>b INVITE 1 b1\n600 b>a 486 INVITE 1 b1\n601 a>b ACK 1 b1')
    expect(rowsOf(model, ALL)).toMatchObject([{ fold: { count: 4, repeats: 1 }, tone: '4xx' }])
  })

  it('leave a message alone that has nothing to go with', () => {
    expect(rowsOf(modelOf('0 a>b ACK 1 b1\n1 a>b proto=5'), ALL).map((row) => row.fold)).toEqual([undefined, undefined])
  })

  it('go by the hop where agents send no branch', () => {
    const model = modelOf('0 a>p BYE 1\n1 p>b BYE 1\n2 b>p 200 BYE 1\n3 p>a 200 BYE 1')
    expect(labelsOf(model, ALL)).toEqual(['BYE → 200 OK (2)', 'BYE → 200 OK (2)'])
  })

  it('are unfolded and folded one by one, whichever message is named', () => {
    const model = modelOf('0 a>b BYE 1 b1\n1 b>a 200 BYE 1 b1\n2 a>b INFO 2 b2\n3 b>a 200 INFO 2 b2')
    const keys = model.transactionKeys('n1:1:2')
    expect(keys).toEqual(['n1:1:1', 'n1:1:2'])
    const opened = toggleFold(ALL, keys)
    expect(labelsOf(model, opened)).toEqual(['BYE', '200 OK', 'INFO → 200 OK (2)'])
    expect(toggleFold(opened, keys)).toEqual(ALL)
    const folded = toggleFold({ ...DEFAULT_VIEW, fold: 'none' }, model.transactionKeys('n1:1:3'))
    expect(labelsOf(model, folded)).toEqual(['BYE', '200 OK', 'INFO → 200 OK (2)'])
  })

  it('find the row of each message in them', () => {
    const model = modelOf('0 a>b BYE 1 b1\n1 b>a 200 BYE 1 b1')
    expect([model.rowKey('n1:1:2', false), model.rowKey('n1:1:2', true)]).toEqual(['n1:1:2', 'n1:1:1'])
    expect(model.rowKey('unknown', true)).toBe('unknown')
  })
})

describe('challenges', () => {
  it('are folded with a count once they are answered, and nothing else is', () => {
    expect(labelsOf(modelOf(CHALLENGED))).toEqual(['INVITE → 407 · auth folded (3)', 'INVITE', '200 OK', 'ACK'])
  })

  it('stay visible when nobody answered them', () => {
    const model = modelOf('0 a>b REGISTER 1 b1\n1 b>a 401 REGISTER 1 b1')
    expect(labelsOf(model)).toEqual(['REGISTER', '401'])
  })

  it('of several attempts are folded but for the last', () => {
    const model = modelOf(`
      0 a>b REGISTER 1 b1\n1 b>a 401 REGISTER 1 b1
      2 a>b REGISTER 2 b2\n3 b>a 401 REGISTER 2 b2
      4 a>b REGISTER 3 b3\n5 b>a 401 REGISTER 3 b3`)
    expect(labelsOf(model)).toEqual([
      'REGISTER → 401 · auth folded (2)',
      'REGISTER → 401 · auth folded (2)',
      'REGISTER',
      '401',
    ])
  })

  it('are not mixed up with another request of the same Call-ID', () => {
    const model = modelOf('0 a>b INVITE 1 b1\n1 b>a 407 INVITE 1 b1\n2 a>b BYE 2 b2\n3 b>a 200 BYE 2 b2')
    expect(labelsOf(model)).toEqual(['INVITE', '407', 'BYE', '200 OK'])
  })
})

describe('forks', () => {
  const FORKED = `
    0  a>p INVITE 1 b0
    1  p>b INVITE 1 b1
    2  p>c INVITE 1 b2
    3  p>d INVITE 1 b3
    4  b>p 180 INVITE 1 b1
    5  d>p 486 INVITE 1 b3
    9  b>p 200 INVITE 1 b1
    10 p>c CANCEL 1 b2`

  it('have numbered branches with what became of each', () => {
    const arms = rowsOf(modelOf(FORKED))
      .filter(({ message }) => message.method === 'INVITE' && message.statusCode === 0)
      .map(({ arm }) => arm)
    expect(arms).toEqual([
      undefined,
      { number: 1, count: 3, outcome: 'answered' },
      { number: 2, count: 3, outcome: 'cancelled' },
      { number: 3, count: 3, outcome: 'failed' },
    ])
  })

  it('have a bracket at the lane that they leave from, also when folded', () => {
    const model = modelOf(FORKED)
    expect(model.scene().brackets).toMatchObject([{ lane: 1, rows: [1, 2, 3] }])
    expect(model.scene(ALL).brackets).toMatchObject([{ lane: 1, rows: [1, 2, 3] }])
  })

  it('are not seen in a repeat, a loop or another attempt', () => {
    const model = modelOf(`
      0   a>b INVITE 1 b1\n500 a>b INVITE 1 b1
      600 b>b INVITE 1 b5\n601 b>c INVITE 1 b6
      700 a>b INVITE 2 b2`)
    expect(model.scene().brackets).toEqual([])
  })
})

describe('copies', () => {
  const SEEN = '0 a>b INVITE 1 b1 agent=1\n0.4 a>b INVITE 1 b1 agent=2\n3 b>a 200 INVITE 1 b1 agent=1'

  it('are folded with the time between them, and listed with it', () => {
    const model = modelOf(SEEN)
    expect(rowsOf(model)).toMatchObject([{ copies: [{ agentId: 2 }], copiesUs: 400 }, { copies: [] }])
    const listed = rowsOf(model, toggleCopies(DEFAULT_VIEW, 'n1:1:1'))
    expect(listed.map(({ label, copyAfterUs }) => [label, copyAfterUs])).toEqual([
      ['INVITE', undefined],
      ['seen by agent 2', 400],
      ['200 OK', undefined],
    ])
    expect(model.rowKey('n1:1:2', false)).toBe('n1:1:1')
  })

  it('are not what a proxy passes on of two branches', () => {
    const [one, two] = messagesOf('0 p>a 180 INVITE 1 b1\n1 p>a 180 INVITE 1 b1')
    if (one === undefined || two === undefined) throw new Error('no message')
    const model = new LadderModel()
    model.add([
      { ...one, toTag: 'x' },
      { ...two, toTag: 'y' },
    ])
    expect(rowsOf(model)).toHaveLength(2)
  })
})

describe('what is shown', () => {
  it.each([
    ['all', ['INVITE (SDP)', '200 OK', 'RTCP']],
    ['signalling', ['INVITE (SDP)', '200 OK']],
    ['media', ['RTCP']],
    ['sdp', ['INVITE (SDP)']],
  ] as const)('is for "%s" %j', (show, labels) => {
    const model = modelOf('0 a>b INVITE 1 b1 sdp=1\n1 b>a 200 INVITE 1 b1\n2 a>b proto=5')
    expect(labelsOf(model, { ...DEFAULT_VIEW, show })).toEqual(labels)
    expect(model.scene({ ...DEFAULT_VIEW, show }).hiddenCount).toBe(3 - labels.length)
  })
})
