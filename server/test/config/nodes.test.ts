import { describe, expect, it } from 'vitest'
import { ConfigError, loadConfig } from '../../src/config/load.ts'
import { parseNodeUrl } from '../../src/config/nodes.ts'

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(undefined, { HEPSCOPE_NODE_NAME: 'here', ...env })
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}

const one = (members: Record<string, string>): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(members).map(([key, value]) => [`HEPSCOPE_COORDINATOR_NODES_0_${key}`, value]))

describe('parseNodeUrl', () => {
  it.each([
    ['ws://edge1:8083', 'ws://edge1:8083/stream'],
    ['http://edge1:8083/', 'ws://edge1:8083/stream'],
    ['https://edge1:8083', 'wss://edge1:8083/stream'],
    ['WSS://edge1/stream', 'wss://edge1/stream'],
    ['ws://[2001:db8::1]:8083', 'ws://[2001:db8::1]:8083/stream'],
    ['wss://proxy/edge1/stream', 'wss://proxy/edge1/stream'],
  ])('reads %s', (text, url) => {
    expect(parseNodeUrl(text)?.href).toBe(url)
  })

  it.each([
    'edge1:8083',
    'ftp://edge1',
    'ws://',
    'ws://user:pass@edge1',
    'ws://edge1/?access_token=x',
    'ws://edge1/#x',
    '',
  ])('refuses "%s"', (text) => {
    expect(parseNodeUrl(text)).toBeUndefined()
  })
})

describe('coordinator.nodes', () => {
  it('comes from the environment by index', () => {
    const { coordinator, node } = loadConfig(undefined, {
      HEPSCOPE_COORDINATOR_NODES_0_NAME: 'edge1',
      HEPSCOPE_COORDINATOR_NODES_0_URL: 'ws://edge1:8083',
      HEPSCOPE_COORDINATOR_NODES_1_NAME: 'edge2',
      HEPSCOPE_COORDINATOR_NODES_1_URL: 'https://edge2:8083',
      HEPSCOPE_COORDINATOR_NODES_1_TOKEN: 'secret',
      HEPSCOPE_COORDINATOR_NODES_1_CA: '/etc/ca.pem',
      HEPSCOPE_COORDINATOR_REORDER_MS: '0',
      HEPSCOPE_COORDINATOR_HEP_STREAM_FAN_OUT_TIMEOUT_MS: '500',
      HEPSCOPE_NODE_TOKEN: '12345',
      HEPSCOPE_NODE_TLS_CERT: 'cert.pem',
      HEPSCOPE_NODE_TLS_KEY: 'key.pem',
    })
    expect(coordinator.nodes).toEqual([
      { name: 'edge1', url: 'ws://edge1:8083' },
      { name: 'edge2', url: 'https://edge2:8083', token: 'secret', ca: '/etc/ca.pem' },
    ])
    expect([coordinator.reorder_ms, coordinator.hep_stream.fan_out_timeout_ms]).toEqual([0, 500])
    expect(node).toMatchObject({ token: '12345', tls: { cert: 'cert.pem', key: 'key.pem' } })
  })

  it('has safe defaults', () => {
    const { coordinator, node } = loadConfig(undefined, {})
    expect(coordinator).toMatchObject({ nodes: [], reorder_ms: 50, hep_stream: { fan_out_timeout_ms: 2000 } })
    expect(node).toMatchObject({ token: '', allow_payload: false, loopback_exempt: true, tls: { cert: '', key: '' } })
  })

  it.each<[string, NodeJS.ProcessEnv, string]>([
    ['no url', one({ NAME: 'a' }), 'coordinator.nodes.0.url: '],
    ['a url of another kind', one({ NAME: 'a', URL: 'ftp://a' }), 'coordinator.nodes.0.url: must be ws://'],
    ['a name that is ours', one({ NAME: 'here', URL: 'ws://a' }), '"here" is the name of this server (node.name) too'],
    [
      'our own node port',
      one({ NAME: 'a', URL: 'ws://127.0.0.1:8083' }),
      'coordinator.nodes.0.url: is this server itself',
    ],
    ['… by name', one({ NAME: 'a', URL: 'http://localhost:8083' }), 'coordinator.nodes.0.url: is this server itself'],
    ['our own app port', one({ NAME: 'a', URL: 'ws://127.0.0.1:8081/api/v4/stream/hep' }), 'is this server itself'],
    ['a token with a line end', one({ NAME: 'a', URL: 'ws://a', TOKEN: '"a\\nb"' }), 'coordinator.nodes.0.token: '],
    ['a ca without TLS', one({ NAME: 'a', URL: 'ws://a', CA: 'x.pem' }), 'must begin with wss: or https:'],
    ['a key without a certificate', { HEPSCOPE_NODE_TLS_KEY: 'x' }, 'node.tls: needs both cert and key'],
    [
      'a name twice',
      {
        ...one({ NAME: 'a', URL: 'ws://a' }),
        HEPSCOPE_COORDINATOR_NODES_1_NAME: 'a',
        HEPSCOPE_COORDINATOR_NODES_1_URL: 'ws://b',
      },
      'coordinator.nodes.1.name: "a" is the name of coordinator.nodes.0 too',
    ],
    [
      'a url twice',
      {
        ...one({ NAME: 'a', URL: 'ws://a' }),
        HEPSCOPE_COORDINATOR_NODES_1_NAME: 'b',
        HEPSCOPE_COORDINATOR_NODES_1_URL: 'http://a/stream',
      },
      'coordinator.nodes.1.url: is the url of coordinator.nodes.0 too',
    ],
  ])('refuses %s', (_, env, fault) => {
    expect(faultsOf(env).join('\n')).toContain(fault)
  })

  it('takes other loopback addresses and ports for other servers', () => {
    expect(faultsOf(one({ NAME: 'a', URL: 'ws://127.0.0.2:8083' }))).toEqual([])
    expect(faultsOf(one({ NAME: 'a', URL: 'ws://127.0.0.1:8084' }))).toEqual([])
  })
})
