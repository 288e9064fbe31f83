import { describe, expect, it } from 'vitest'
import { listAction } from '../../../src/app/calls/list-keys.ts'
import { ladderAction } from '../../../src/app/ladder/ladder-keys.ts'

const press = (key: string, more: Partial<KeyboardEvent> = {}): KeyboardEvent =>
  ({ key, ctrlKey: false, altKey: false, metaKey: false, ...more }) as KeyboardEvent

describe('ladderAction', () => {
  it.each([
    ['ArrowDown', 1],
    ['k', -1],
    ['Home', 'first'],
    ['Enter', 'enter'],
    ['Escape', 'close'],
    ['q', 'close'],
    ['w', 'time'],
    ['r', 'enter'],
    ['c', 'colour'],
    ['s', 'compact'],
    ['a', 'lanes'],
    ['d', 'sdp'],
    ['D', 'only-sdp'],
    ['m', 'media'],
    [' ', 'compare'],
    ['h', 'fold'],
    ['ArrowRight', 'unfold'],
    ['K', 'hints'],
  ])('knows %s', (key, action) => {
    expect(ladderAction(press(key))).toBe(action)
  })
})

describe('listAction', () => {
  it.each([
    ['j', 1],
    ['ArrowUp', -1],
    ['End', 'last'],
    [' ', 'mark'],
    ['Enter', 'open'],
    ['Escape', 'back'],
  ])('knows "%s"', (key, action) => {
    expect(listAction(press(key))).toBe(action)
  })

  it('leaves the keys of browsers and screen readers alone', () => {
    expect(listAction(press('Tab'))).toBeUndefined()
    expect(listAction(press('f', { ctrlKey: true }))).toBeUndefined()
    expect(listAction(press('ArrowDown', { altKey: true }))).toBeUndefined()
    expect(ladderAction(press('w', { ctrlKey: true }))).toBeUndefined()
    expect(ladderAction(press('q', { metaKey: true }))).toBeUndefined()
  })

  it('takes Ctrl-D and Ctrl-U as sngrep does', () => {
    expect(listAction(press('d', { ctrlKey: true }))).toBe('page-down')
    expect(ladderAction(press('u', { ctrlKey: true }))).toBe('page-up')
  })
})
