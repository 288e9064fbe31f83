import { describe, expect, it } from 'vitest'
import { DEFAULT_VIEW, type LadderView } from '../../src/app/ladder/ladder-view.ts'
import { suggestMerges } from '../../src/app/ladder/lane-suggestions.ts'
import { LadderModel } from '../../src/app/ladder/layout.ts'
import type { LadderMessage } from '../../src/app/ladder/message.ts'
import {
  hideLane,
  mergeLanes,
  moveLane,
  resetLanes,
  setLaneBy,
  splitLane,
  togglePin,
} from '../../src/app/ladder/view-changes.ts'
import { messagesOf } from './messages.ts'

const A = '10.0.0.1:5060'
const P = '10.0.0.16:5060'
const B = '10.0.0.2:5060'
const CALL = '0 a>p INVITE 1 b1\n1 p>b INVITE 1 b2\n2 b>p 200 INVITE 1 b2\n3 p>a 200 INVITE 1 b1'

function modelOf(script: string): LadderModel {
  const model = new LadderModel()
  model.add(messagesOf(script))
  return model
}

function lanesOf(model: LadderModel, view: LadderView, aliases: ReadonlyMap<string, string> = new Map()): string[] {
  return model.scene(view, aliases).lanes.map((lane) => lane.id)
}

describe('lanes', () => {
  it('are one for each address and port, or address, or alias with addresses where there is none', () => {
    const model = modelOf('0 a:1>p INVITE 1 b1\n1 a:2>p INVITE 1 b2\n2 p>b:9 INVITE 1 b3')
    const aliases = new Map([
      ['10.0.0.1', 'alice'],
      ['10.0.0.16:5060', 'proxy'],
    ])
    expect(lanesOf(model, DEFAULT_VIEW, aliases)).toEqual(['10.0.0.1:1', P, '10.0.0.1:2', '10.0.0.2:9'])
    expect(lanesOf(model, setLaneBy(DEFAULT_VIEW, 'address'), aliases)).toEqual(['10.0.0.1', '10.0.0.16', '10.0.0.2'])
    expect(lanesOf(model, setLaneBy(DEFAULT_VIEW, 'alias'), aliases)).toEqual(['@alice', '@proxy', '10.0.0.2'])
  })

  it('carry the alias beside the address, that of the port before that of the host', () => {
    const aliases = new Map([
      ['10.0.0.1', 'host'],
      ['10.0.0.1:5060', 'port'],
    ])
    const { lanes } = modelOf('0 a>a:5070 INVITE 1 b1').scene(DEFAULT_VIEW, aliases)
    expect(lanes.map(({ name, ip, port }) => [name, ip, port])).toEqual([
      ['port', '10.0.0.1', 5060],
      ['host', '10.0.0.1', 5070],
    ])
  })

  it('are merged in the place of the first, and parted again', () => {
    const model = modelOf(CALL)
    const merged = mergeLanes(DEFAULT_VIEW, P, B)
    const scene = model.scene(merged)
    expect(scene.lanes).toMatchObject([{ id: A }, { id: P, merged: [P, B], members: [P, B], port: undefined }])
    expect(scene.rows[1]).toMatchObject({ fromLane: 1, toLane: 1, isSelf: true })
    expect(lanesOf(model, mergeLanes(merged, A, P))).toEqual([A])
    expect(lanesOf(model, splitLane(merged, P))).toEqual([A, P, B])
  })

  it('go where they are put, and new ones to the right of them', () => {
    const model = modelOf(CALL)
    const { lanes } = model.scene()
    const moved = moveLane(DEFAULT_VIEW, lanes, B, 0)
    expect(lanesOf(model, moved)).toEqual([B, A, P])
    model.add(messagesOf('9 p>c INVITE 1 b9 seq=99'))
    expect(lanesOf(model, moved)).toEqual([B, A, P, '10.0.0.3:5060'])
    expect(moveLane(moved, model.scene(moved).lanes, B, -5)).toBe(moved)
    expect(lanesOf(model, moveLane(moved, model.scene(moved).lanes, B, 99))).toEqual([A, P, '10.0.0.3:5060', B])
  })

  it('stay left while they are pinned', () => {
    const model = modelOf(CALL)
    const pinned = togglePin(DEFAULT_VIEW, B)
    expect(lanesOf(model, pinned)).toEqual([B, A, P])
    expect(model.scene(pinned).lanes[0]).toMatchObject({ isPinned: true })
    expect(lanesOf(model, togglePin(pinned, B))).toEqual([A, P, B])
  })

  it('take their messages with them when they are hidden, and those are counted', () => {
    const model = modelOf(CALL)
    const scene = model.scene(hideLane(DEFAULT_VIEW, B))
    expect(scene.lanes.map((lane) => lane.id)).toEqual([A, P])
    expect(scene.hiddenLanes.map((lane) => lane.id)).toEqual([B])
    expect([scene.rows.length, scene.hiddenCount]).toEqual([2, 2])
  })

  it('are as they came after a reset', () => {
    const model = modelOf(CALL)
    const changed = togglePin(hideLane(mergeLanes(DEFAULT_VIEW, A, B), P), A)
    expect(resetLanes({ ...changed, time: 'start' })).toEqual({ ...DEFAULT_VIEW, time: 'start' })
    expect(lanesOf(model, resetLanes(changed))).toEqual([A, P, B])
  })

  it('stand side by side leg by leg when legs are split', () => {
    const model = modelOf(`
      0 a>p INVITE 1 b1 call=one
      1 p>b INVITE 1 b2 call=two
      2 b>p 200 INVITE 1 b2 call=two
      3 p>a 200 INVITE 1 b1 call=one`)
    const view = { ...DEFAULT_VIEW, hasSplitLegs: true }
    expect(lanesOf(model, view)).toEqual([`A|${A}`, `A|${P}`, `B|${P}`, `B|${B}`])
    expect(model.scene(view).lanes.map((lane) => lane.leg)).toEqual(['A', 'A', 'B', 'B'])
  })

  it('of media are those of the phone that announced the address, or that alone has it', () => {
    const sdp = 'INVITE x SIP/2.0\r\n\r\nv=0\r\nc=IN IP4 10.9.9.9\r\nm=audio 4000 RTP/AVP 8\r\n'
    const [invite, ...others] = messagesOf(
      '0 a>p INVITE 1 b1 sdp=1\n5 b:7001>p:9001 proto=5\n6 z:1>z:2 proto=5\n7 a:5061>p INFO 2 b2',
    )
    if (invite === undefined) throw new Error('no message')
    const model = new LadderModel()
    const [report, stray, info] = others
    if (report === undefined || stray === undefined || info === undefined) throw new Error('no message')
    model.add([{ ...invite, payload: sdp }, { ...report, srcIp: '10.9.9.9', srcPort: 4001 }, stray, info])
    expect(lanesOf(model, DEFAULT_VIEW)).toEqual([A, P, '10.0.0.26:1', '10.0.0.26:2', '10.0.0.1:5061'])
    expect(model.scene().rows[1]).toMatchObject({ fromLane: 0, toLane: 1 })
  })
})

describe('suggestMerges', () => {
  const request = (from: string, headers: string): LadderMessage => {
    const [message] = messagesOf(`0 ${from} INVITE 1 b1`)
    if (message === undefined) throw new Error('no message')
    return { ...message, key: `${from}${headers}`, payload: `INVITE sip:x SIP/2.0\r\n${headers}\r\n\r\n` }
  }
  const suggestionsOf = (messages: readonly LadderMessage[], aliases: ReadonlyMap<string, string> = new Map()) => {
    const model = new LadderModel()
    model.add(messages.map((message, i) => ({ ...message, key: `k${i}`, seq: i })))
    return suggestMerges(model.scene(DEFAULT_VIEW, aliases).lanes, model.messages())
  }

  it('names lanes of one alias and ports of one host', () => {
    const aliases = new Map([
      ['10.0.0.16', 'sbc'],
      ['10.0.0.2', 'sbc'],
    ])
    expect(suggestionsOf(messagesOf('0 a:1>p INVITE 1 b1\n1 a:2>b INVITE 1 b2'), aliases)).toEqual([
      { lanes: [P, B], reason: 'alias', what: 'sbc' },
      { lanes: ['10.0.0.1:1', '10.0.0.1:2'], reason: 'ports', what: '10.0.0.1' },
    ])
  })

  it('names the address behind NAT that a Via or, without proxies, a Contact has', () => {
    const via = 'Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK1'
    expect(suggestionsOf([request('a>p', via), request('p>b', 'v: SIP/2.0/TCP proxy.example')])).toEqual([
      { lanes: [A, B], reason: 'via', what: '10.0.0.2' },
    ])
    const contact = 'Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\nContact: "A" <sip:a@10.0.0.2:5062;ob>'
    expect(suggestionsOf([request('a>p', contact), request('p>b', 'X: y')])).toMatchObject([
      { lanes: [A, B], reason: 'contact' },
    ])
    const passedOn = `${via.replace('10.0.0.2', '10.0.0.16')}\r\n${via}\r\nContact: <sip:a@10.0.0.1>`
    expect(suggestionsOf([request('a>p', 'X: y'), request('p>b', passedOn)])).toEqual([])
  })

  it('says nothing where everything is one already', () => {
    expect(suggestionsOf(messagesOf(CALL))).toEqual([])
  })
})
