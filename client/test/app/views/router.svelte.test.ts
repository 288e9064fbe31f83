import { describe, expect, it } from 'vitest'
import { type AddressBar, Router } from '../../../src/app/views/router.svelte.ts'
import { PLAIN_ADDRESS } from '../../../src/app/views/view-url.ts'

/** An address bar that steps are written to. */
class Bar implements AddressBar {
  readonly location = { hash: '', pathname: '/', search: '', origin: 'https://sip.example' }
  readonly steps: string[] = []
  readonly history = {
    pushState: (_: unknown, __: string, url: string) => this.#go('push', url),
    replaceState: (_: unknown, __: string, url: string) => this.#go('replace', url),
  }

  constructor(hash: string) {
    this.location.hash = hash
  }

  #go(way: string, url: string): void {
    this.steps.push(`${way} ${url}`)
    this.location.hash = url.includes('#') ? url.slice(url.indexOf('#')) : ''
  }
}

describe('Router', () => {
  it('reads the address and says what it left out', () => {
    const router = new Router(new Bar('#q=alice&show=maybe'))
    expect(router.address).toEqual({ ...PLAIN_ADDRESS, filter: 'alice' })
    expect(router.ignored).toEqual(['show=maybe'])
  })

  it('writes what a view shows, as a step or in place', () => {
    const bar = new Bar('')
    const router = new Router(bar)
    router.write({ ...PLAIN_ADDRESS, filter: 'a b' }, 'replace')
    router.write({ ...PLAIN_ADDRESS, filter: 'a b', callIds: ['x@y'] }, 'push')
    router.write(PLAIN_ADDRESS, 'replace')
    expect(bar.steps).toEqual(['replace /#q=a+b', 'push /#q=a+b&call=x%40y', 'replace /'])
  })

  it('makes a link that says everything', () => {
    const router = new Router(new Bar(''))
    expect(router.link({ ...PLAIN_ADDRESS, callIds: ['x'], zone: 'utc' })).toBe('https://sip.example/#call=x&zone=utc')
  })
})
