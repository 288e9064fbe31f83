import { describe, expect, it } from 'vitest'
import { isInstalled } from '../../setup/packages.mjs'

const WANTED = {
  packages: {
    '': { version: '0.1.0' },
    shared: { version: '0.1.0' },
    'node_modules/@hepscope/shared': { link: true },
    'node_modules/koa': { version: '3.3.0' },
    'node_modules/for-another-system': { version: '1.0.0', optional: true },
  },
}
const INSTALLED = {
  packages: { 'node_modules/@hepscope/shared': { link: true }, 'node_modules/koa': { version: '3.3.0' } },
}

describe('isInstalled', () => {
  it('accepts that an optional package is absent', () => {
    expect(isInstalled(WANTED, INSTALLED)).toBe(true)
  })

  it.each([
    { name: 'an absent package', installed: { 'node_modules/@hepscope/shared': { link: true } } },
    { name: 'another version', installed: { ...INSTALLED.packages, 'node_modules/koa': { version: '3.2.0' } } },
    { name: 'a copy of a workspace', installed: { ...INSTALLED.packages, 'node_modules/@hepscope/shared': {} } },
    { name: 'nothing', installed: {} },
  ])('rejects $name', ({ installed }) => {
    expect(isInstalled(WANTED, { packages: installed })).toBe(false)
  })
})
