import { describe, expect, it } from 'vitest'
import { createMetrics, type LakeFigures, type MetricSources } from '../src/metrics.ts'

/** Sources of which all but the lake have nothing to tell. */
function sourcesWith(lake: LakeFigures | undefined): MetricSources {
  const read = (name: string | symbol) => (name === 'lake' ? lake : 0)
  return new Proxy({} as MetricSources, { get: (_, name) => () => read(name) })
}

/** Lines of the metrics whose names begin so. */
async function linesOf(lake: LakeFigures | undefined): Promise<string[]> {
  const text = await createMetrics(sourcesWith(lake)).metrics()
  return text.split('\n').filter((line) => line.startsWith('hepscope_lake_'))
}

describe('createMetrics', () => {
  it('says nothing of a lake where there is none', async () => {
    expect(await linesOf(undefined)).toEqual([])
  })

  it('has the figures of a lake, as far as they are known', async () => {
    const lake = { isReachable: true, files: 4, rows: 600, bytes: 9000, ageSeconds: 12.5 }
    expect(await linesOf(lake)).toEqual([
      'hepscope_lake_up 1',
      'hepscope_lake_files 4',
      'hepscope_lake_rows 600',
      'hepscope_lake_bytes 9000',
      'hepscope_lake_commit_age_seconds 12.5',
    ])
    const away = { isReachable: false, files: 0, rows: 0, bytes: 0, ageSeconds: undefined }
    const lines = await linesOf(away)
    expect(lines).toHaveLength(4)
    expect(lines).toContain('hepscope_lake_up 0')
  })
})
