import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError, loadConfig } from '../../src/config/load.ts'

function file(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'hepscope-config-')), 'hepscope.yaml')
  writeFileSync(path, text)
  return path
}

function faultsOf(text: string, env: NodeJS.ProcessEnv = {}): readonly string[] {
  try {
    loadConfig(file(text), env)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}

describe('loadConfig', () => {
  it('has the defaults of the live stream document', () => {
    const { ingest, coordinator } = loadConfig(undefined, {})
    expect(ingest.hep_stream).toMatchObject({
      enable: false,
      buffer_size: 10_000,
      max_subscribers: 32,
      per_sub_queue_len: 256,
      rate_per_sub_pps: 500,
    })
    expect(coordinator.hep_stream).toMatchObject({ enable: false, allow_payload: false, history_limit: 200 })
  })

  it('leaves variables of other commands alone', () => {
    expect(() => loadConfig(undefined, { HEPSCOPE_TOKEN: 'x' })).not.toThrow()
    expect(() => loadConfig(undefined, { HEPSCOPE_TOKENS: 'x' })).toThrow(ConfigError)
  })

  it('takes a number of threads that receive', () => {
    expect(loadConfig(undefined, {}).ingest.workers).toBe(0)
    expect(loadConfig(undefined, { HEPSCOPE_INGEST_WORKERS: '4' }).ingest.workers).toBe(4)
    expect(faultsOf('ingest: { workers: 65 }')[0]).toContain('ingest.workers')
    expect(faultsOf('ingest: { workers: two }')[0]).toContain('ingest.workers')
  })

  it('takes a lake with both its places, and neither alone', () => {
    const env = {
      HEPSCOPE_STORAGE_LAKE_CATALOG: 'postgres:host=10.0.0.5 dbname=hepscope',
      HEPSCOPE_STORAGE_LAKE_DATA_PATH: 's3://calls/hepscope',
      HEPSCOPE_STORAGE_LAKE_S3_URL_STYLE: 'path',
      HEPSCOPE_STORAGE_LAKE_S3_ENDPOINT: 'minio.example.net:9000',
      HEPSCOPE_STORAGE_LAKE_S3_CA_FILE: '/etc/hepscope/ca.pem',
    }
    expect(loadConfig(undefined, {}).storage.lake.catalog).toBe('')
    expect(loadConfig(undefined, env).storage.lake).toMatchObject({
      catalog: 'postgres:host=10.0.0.5 dbname=hepscope',
      data_path: 's3://calls/hepscope',
      s3: {
        endpoint: 'minio.example.net:9000',
        url_style: 'path',
        region: 'us-east-1',
        use_tls: true,
        ca_file: '/etc/hepscope/ca.pem',
      },
    })
    expect(faultsOf("storage: { lake: { catalog: 'postgres:host=x' } }")[0]).toContain('needs both')
    expect(faultsOf("storage: { lake: { catalog: 'lake.db', data_path: 'rows' } }").join()).toMatch(
      /storage\.lake\.catalog: .*storage\.lake\.data_path: must be an absolute path/,
    )
    expect(faultsOf("storage: { lake: { s3: { endpoint: 'https://minio.example.net:9000' } } }")[0]).toContain(
      'storage.lake.s3.endpoint: must be host[:port]',
    )
  })

  it('lets the environment win over the file', () => {
    const env = {
      HEPSCOPE_INGEST_HEP_STREAM_BUFFER_SIZE: '77',
      HEPSCOPE_INGEST_HEP_STREAM_ENABLE: 'true',
      HEPSCOPE_INGEST_LISTENERS: 'hep_udp:127.0.0.1:1, hep_tcp:[::1]:2',
      HEPSCOPE_ADMIN_PASSWORD: '123456789',
      HEPSCOPE_DATA_DIR: '/somewhere',
    }
    const config = loadConfig(file('ingest: { hep_stream: { buffer_size: 5, max_subscribers: 3 } }'), env)
    expect(config.ingest.hep_stream).toMatchObject({ enable: true, buffer_size: 77, max_subscribers: 3 })
    expect(config.ingest.listeners).toEqual([{ uri: 'hep_udp:127.0.0.1:1' }, { uri: 'hep_tcp:[::1]:2' }])
    expect(config.admin_password).toBe('123456789')
    expect(config.data_dir).toBe('/somewhere')
  })

  it('takes members of objects in lists by index', () => {
    const config = loadConfig(undefined, {
      HEPSCOPE_TRACE_DESTINATIONS: '[homer] 10.0.0.9; transport=udp',
      HEPSCOPE_TRACE_RELAY_0_TO: 'homer',
      HEPSCOPE_TRACE_RELAY_0_FILTER: 'method:INVITE',
      HEPSCOPE_INGEST_LISTENERS_0_URI: 'hep_udp:127.0.0.1:9060',
      HEPSCOPE_INGEST_LISTENERS_0_AUTH_KEY: 'sesame',
    })
    expect(config.trace.relay).toEqual([{ to: 'homer', filter: 'method:INVITE' }])
    expect(config.ingest.listeners).toEqual([{ uri: 'hep_udp:127.0.0.1:9060', auth_key: 'sesame' }])
  })

  it('takes an OpenID provider that is whole, and names what is missing or unsafe in one that is not', () => {
    const whole =
      'issuer: https://login.example.com/realms/voip, client_id: hepscope, ' +
      'redirect_url: https://hepscope.example.com/api/v4/auth/oidc/callback'
    const faults = (oidc: string): string[] =>
      faultsOf(`coordinator: { oidc: { ${oidc} } }`).map((fault) => fault.split(':')[0] ?? '')
    expect(faults(whole)).toEqual([])
    expect(faults(`${whole}, admin_claim: groups, admin_values: [voip]`)).toEqual([])
    expect(faults('issuer: https://login.example.com')).toEqual([
      'coordinator.oidc.client_id',
      'coordinator.oidc.redirect_url',
    ])
    expect(faults(whole.replace('https://login', 'http://login'))).toEqual(['coordinator.oidc.issuer'])
    expect(faults(`${whole}, admin_claim: groups`)).toEqual(['coordinator.oidc.admin_values'])
    expect(faults(`${whole}, login_values: [voip]`)).toEqual(['coordinator.oidc.login_claim'])
    expect(faults(`${whole}, scopes: [email]`)).toEqual(['coordinator.oidc.scopes'])
  })

  it('names every fault at once, unknown keys and variables included', () => {
    const text = 'ingest: { listeners: ["udp:1"], hep_stream: { buffer_size: -1, bufer: 2 } }\ncolour: blue\n'
    const faults = faultsOf(text, { HEPSCOPE_NODE_LISTEN: 'nowhere', HEPSCOPE_NOTHING: '1', PATH: '/bin' })
    expect(faults.map((fault) => fault.split(':')[0])).toEqual(
      expect.arrayContaining([
        'HEPSCOPE_NOTHING',
        'ingest.listeners.0',
        'ingest.hep_stream.buffer_size',
        'ingest.hep_stream.bufer',
        'node.listen',
        'colour',
      ]),
    )
    expect(faults.length).toBe(6)
  })

  it.each([
    ['a file that is not there', undefined],
    ['YAML that does not parse', 'a: [1'],
    ['YAML that is no map', '- 1'],
  ])('refuses %s with a message that names the file', (_, text) => {
    const path = text === undefined ? '/nonexistent/hepscope.yaml' : file(text)
    expect(() => loadConfig(path, {})).toThrow(path)
  })

  it('takes an empty file for the defaults', () => {
    expect(loadConfig(file(''), {})).toEqual(loadConfig(undefined, {}))
  })
})
