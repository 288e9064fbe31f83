import { describe, expect, it } from 'vitest'
import { privacy } from '../../../src/app/privacy/privacy.svelte.ts'
import { type AddressBar, Router } from '../../../src/app/views/router.svelte.ts'
import { PLAIN_ADDRESS } from '../../../src/app/views/view-url.ts'

/** An address bar that steps are written to. */
class Bar implements AddressBar {
  readonly location = { hash: '', pathname: '/', search: '', origin: 'https://sip.example' }
  readonly steps: string[] = []
  readonly history = {
    state: undefined as unknown,
    pushState: (state: unknown, _: string, url: string) => this.#go('push', url, state),
    replaceState: (state: unknown, _: string, url: string) => this.#go('replace', url, state),
  }

  constructor(hash: string, pathname = '/') {
    Object.assign(this.location, { hash, pathname })
  }

  #go(way: string, url: string, state: unknown): void {
    this.steps.push(`${way} ${url}`)
    this.history.state = state
    const [pathname = '', hash] = url.split('#')
    Object.assign(this.location, { pathname, hash: hash === undefined ? '' : `#${hash}` })
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

  it('takes the name of a view as a path, too', () => {
    const bar = new Bar('', '/ops')
    expect(new Router(bar).address.view).toBe('ops')
    expect(bar.steps).toEqual(['replace /#/ops'])
    expect(new Router(new Bar('#q=a', '/nothing')).address).toMatchObject({ view: 'live', filter: 'a' })
  })

  it('tells the address bar and links nothing of filter and calls while privacy is on', () => {
    const bar = new Bar('#q=alice&show=all&call=x%40y&msg=n:1:1')
    const router = new Router(bar)
    const { address } = router
    privacy.toggle()
    expect(bar.steps.splice(0)).toEqual(['replace /#show=all'])
    router.write({ ...address, filter: 'bob' }, 'push')
    expect(bar.steps.splice(0)).toEqual(['push /#show=all'])
    expect(router.hrefOf(router.textOf('live'))).toBe('#show=all')
    expect(router.link()).toContain('q=bob')

    // A reload, and a step that was made before.
    const reloaded = new Router(bar)
    expect(reloaded.address).toEqual({ ...address, filter: 'bob' })
    expect(bar.steps.splice(0)).toEqual([])
    bar.history.state = undefined
    bar.location.hash = '#q=carol'
    expect(reloaded.read().filter).toBe('carol')
    expect(bar.steps.splice(0)).toEqual(['replace /'])
    privacy.toggle()
    expect(bar.location.hash).toBe('#q=carol')
    expect(bar.history.state).toBeUndefined()
  })

  it('makes a link that says everything', () => {
    const router = new Router(new Bar(''))
    expect(router.link({ ...PLAIN_ADDRESS, callIds: ['x'], zone: 'utc' })).toBe('https://sip.example/#call=x&zone=utc')
  })
})
