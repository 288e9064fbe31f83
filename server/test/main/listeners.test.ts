import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { listenerOptions, scanOptions } from '../../src/main/listeners.ts'

describe('listenerOptions', () => {
  it('closes a stream that is out of step unless told to search', () => {
    const scanOf = (env: NodeJS.ProcessEnv): boolean[] =>
      listenerOptions(loadConfig(undefined, env)).map(({ scan }) => scan)
    expect(scanOf({})).toEqual([false, false])
    expect(scanOf({ HEPSCOPE_INGEST_TCP_SCAN: 'true' })).toEqual([true, true])
  })
})

describe('scanOptions', () => {
  it('demands nothing of packets unless told to', () => {
    expect(scanOptions(loadConfig(undefined, {}))).toEqual({ strict: false, strictMagic: false, sanitizeTime: false })
    const env = {
      HEPSCOPE_INGEST_DECODE_STRICT: 'true',
      HEPSCOPE_INGEST_DECODE_STRICT_MAGIC: 'true',
      HEPSCOPE_INGEST_DECODE_SANITIZE_TIME: 'true',
    }
    expect(scanOptions(loadConfig(undefined, env))).toEqual({ strict: true, strictMagic: true, sanitizeTime: true })
  })
})
