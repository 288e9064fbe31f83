import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

describe('docs/metrics.md', () => {
  it('has every metric of the server, and no other', () => {
    const names = (text: string): string[] => [...new Set(text.match(/\b(?:hepscope|homer)_[a-z_]*[a-z]/g))].sort()
    const own = names(read('server/src/metrics.ts'))
    const listed = names(read('docs/metrics.md')).filter((name) => !/^hepscope_(process|nodejs)$/.test(name))
    expect(own.length).toBeGreaterThan(40)
    expect(listed).toEqual(own)
  })
})
