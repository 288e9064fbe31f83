import { describe, expect, it } from 'vitest'
import type { CaptureHealth } from '../../../src/app/ops/capture-health.ts'
import { agoText, bytesText, clockText, findingsOf } from '../../../src/app/ops/verdict.ts'

const NOW_MS = 1_795_308_000_000

const WELL: CaptureHealth = {
  timeMs: NOW_MS,
  lastPacketMs: NOW_MS - 100,
  listeners: [{ transport: 'udp', host: '0.0.0.0', port: 9060, connections: 0, kernelDrops: 0 }],
  received: [{ name: 'udp', count: 10, meaning: '' }],
  rejected: [],
  warned: [],
  agents: [{ node: 'n1', agentId: 1, name: '', events: 10, eventsPerSec: 1, lastMs: NOW_MS - 100, clockOffsetMs: 3 }],
  nodes: [],
  streams: [],
  store: undefined,
}

describe('findingsOf', () => {
  it('says that all is well, in one sentence', () => {
    expect(findingsOf(WELL)).toEqual([{ tone: 'ok', text: 'Packets arrive, and nothing was dropped' }])
  })

  it.each<[string, Partial<CaptureHealth>, RegExp, 'bad' | 'wait']>([
    ['nothing ever came', { lastPacketMs: 0 }, /Not a single HEP packet/, 'bad'],
    ['nothing comes any more', { lastPacketMs: NOW_MS - 61_000 }, /more than a minute/, 'wait'],
    [
      'the kernel drops',
      { listeners: [{ transport: 'udp', host: '::', port: 9060, connections: 0, kernelDrops: 12 }] },
      /12 packets: raise ingest\.udp\.socket_recv_buffer/,
      'wait',
    ],
    [
      'packets are rejected',
      { rejected: [{ name: 'auth-key', count: 1, meaning: 'the key is wrong' }] },
      /1 packet rejected, auth-key: the key is wrong/,
      'wait',
    ],
    [
      'a clock is ahead',
      {
        agents: [
          { node: 'n', agentId: 7, name: 'sbc', events: 1, eventsPerSec: 1, lastMs: NOW_MS, clockOffsetMs: -2500 },
        ],
      },
      /clock of agent 7 \(sbc\) is 2\.5 s ahead/,
      'wait',
    ],
    [
      'a node is down',
      {
        nodes: [
          {
            node: 'fra',
            isLocal: false,
            state: 'down',
            events: 0,
            lagMs: undefined,
            reconnects: 1,
            gapEvents: 0,
            badFrames: 0,
            lastError: 'ECONNREFUSED',
          },
        ],
      },
      /Node fra is down: ECONNREFUSED/,
      'bad',
    ],
    [
      'viewers are slow',
      { streams: [{ path: '/stream', subscribers: 1, sent: 5, droppedQueue: 3, droppedRate: 4 }] },
      /7 events were not sent to viewers/,
      'wait',
    ],
  ])('notices when %s', (_, change, text, tone) => {
    const findings = findingsOf({ ...WELL, ...change })
    expect(findings).toHaveLength(1)
    expect(findings[0]?.text).toMatch(text)
    expect(findings[0]?.tone).toBe(tone)
  })

  it('does not mind the clock of an agent that is silent', () => {
    const [agent] = WELL.agents
    if (agent === undefined) throw new Error('no agent')
    const agents = [{ ...agent, lastMs: NOW_MS - 3_600_000, clockOffsetMs: 60_000 }]
    expect(findingsOf({ ...WELL, agents })[0]?.tone).toBe('ok')
  })
})

it('writes clocks, ages and sizes for people', () => {
  expect([clockText(12.4), clockText(-1700), clockText(-0.6)]).toEqual([
    'at most 12 ms behind',
    '1.7 s ahead',
    'less than 1 ms off',
  ])
  expect([0, NOW_MS, NOW_MS - 90_000, NOW_MS - 600_000, NOW_MS - 9e6].map((at) => agoText(at, NOW_MS))).toEqual([
    'never',
    'now',
    '90 s ago',
    '10 min ago',
    '3 h ago',
  ])
  expect([0, 999, 1500, 2.5e7, 7.2e12].map(bytesText)).toEqual(['0 B', '999 B', '1.5 kB', '25 MB', '7.2 TB'])
})
