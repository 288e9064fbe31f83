import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hashSources } from '../../setup/builds.mjs'

describe('hashSources', () => {
  let root = ''

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'hepscope-'))
    mkdirSync(join(root, 'src/hep'), { recursive: true })
    mkdirSync(join(root, 'src/dist'))
    writeFileSync(join(root, 'src/hep/scan.ts'), 'a')
    writeFileSync(join(root, 'src/main.ts'), 'b')
  })
  afterEach(() => {
    rmSync(root, { recursive: true })
  })

  it('is the same whatever the times are', () => {
    const before = hashSources(['src'], root)
    utimesSync(join(root, 'src/main.ts'), 1, 1)
    writeFileSync(join(root, 'src/dist/main.js'), 'built')
    expect(hashSources(['src', 'src/not-there.ts'], root)).toBe(before)
  })

  it.each([
    {
      name: 'a changed file',
      change: () => {
        writeFileSync(join(root, 'src/main.ts'), 'c')
      },
    },
    {
      name: 'a deleted file',
      change: () => {
        rmSync(join(root, 'src/main.ts'))
      },
    },
    {
      name: 'a new file',
      change: () => {
        writeFileSync(join(root, 'src/new.ts'), '')
      },
    },
  ])('sees $name', ({ change }) => {
    const before = hashSources(['src'], root)
    change()
    expect(hashSources(['src'], root)).not.toBe(before)
  })
})
