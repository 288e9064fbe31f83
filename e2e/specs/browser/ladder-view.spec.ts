import { readFileSync } from 'node:fs'
import type { Locator, Page } from '@playwright/test'
import { freshName, SipCall } from '../../hep/sip-call.ts'
import type { LiveView } from '../../page/live-view.ts'
import { expect, test } from '../../test.ts'

/** Open the ladder of a call with seven messages. */
async function open(live: LiveView, send: (call: SipCall) => Promise<void>): Promise<SipCall> {
  const call = new SipCall({ callId: freshName('view') })
  await send(call)
  await live.filter.fill(`callid:${call.callId}`)
  await live.call(call.callId).click()
  await expect(live.arrows).toHaveCount(7)
  await live.ladder.focus()
  return call
}

const lane = (live: LiveView, index: number): Locator => live.ladder.locator('[data-lane]').nth(index)

async function laneNames(live: LiveView): Promise<readonly (string | null)[]> {
  const names: (string | null)[] = []
  for (const head of await live.ladder.locator('[data-lane]').all()) names.push(await head.getAttribute('data-lane'))
  return names
}

async function saved(page: Page, name: string): Promise<string> {
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name, exact: true }).click()
  return (await download).path()
}

test('is folded, compressed, coloured and sorted by keys, and its address says so', async ({ page, live, hep }) => {
  await open(live, (call) =>
    hep.send(call.invite(), call.trying(), call.ringing(), call.answer(), call.ack(), call.bye(), call.byeAnswer()),
  )
  await live.ladder.press('f')
  await expect(live.arrows).toHaveCount(2)
  await expect(live.arrows.first()).toContainText('INVITE → 200 OK')
  await live.ladder.press('Home')
  await live.ladder.press('l')
  await expect(live.arrows).toHaveCount(6)
  await live.ladder.press('h')
  await expect(live.arrows).toHaveCount(2)
  for (const key of ['c', 's', 'w']) await live.ladder.press(key)
  await expect.poll(() => page.url()).toMatch(/fold%3Dall/)
  const address = page.url()
  await page.goto('about:blank')
  await live.open(address)
  await expect(live.arrows).toHaveCount(2)
  await expect(live.ladder).toContainText('Δ start')
  await live.ladder.focus()
  await live.ladder.press('z')
})

test('has lanes that are dragged, moved by keys, merged, hidden, named and reset', async ({ page, live, hep }) => {
  await open(live, (call) =>
    hep.send(call.invite(), call.trying(), call.ringing(), call.answer(), call.ack(), call.bye(), call.byeAnswer()),
  )
  const [a, b] = ['10.0.0.1:5060', '10.0.0.2:5062']
  expect(await laneNames(live)).toEqual([a, b])
  const [from, to] = [await lane(live, 0).boundingBox(), await lane(live, 1).boundingBox()]
  if (from === null || to === null) throw new Error('no lanes')
  await page.mouse.move(from.x + from.width / 2, from.y + 20)
  await page.mouse.down()
  await page.mouse.move(to.x + to.width / 2, to.y + 20, { steps: 5 })
  await page.mouse.up()
  await expect.poll(() => laneNames(live)).toEqual([b, a])
  await lane(live, 0).getByRole('button').first().focus()
  await page.keyboard.press('Alt+ArrowRight')
  await expect.poll(() => laneNames(live)).toEqual([a, b])

  await lane(live, 0).getByRole('button').first().click()
  await page.getByLabel('Name of 10.0.0.1').fill('alice')
  await page.getByRole('button', { name: 'Save', exact: true }).last().click()
  await expect(lane(live, 0)).toContainText('alice')
  await lane(live, 0).getByRole('button').first().click()
  await page.getByRole('button', { name: 'Hide with its messages' }).click()
  await expect(live.arrows).toHaveCount(0)
  await page.getByRole('button', { name: /hidden$/ }).click()
  await expect(live.arrows).toHaveCount(7)
  await lane(live, 1).getByRole('button').first().click()
  await page
    .getByRole('group', { name: /^Lane/ })
    .getByRole('button', { name: /^alice/ })
    .click()
  await expect.poll(() => laneNames(live)).toEqual([a])
  await live.ladder.focus()
  await live.ladder.press('Z')
  await expect.poll(() => laneNames(live)).toEqual([a, b])
})

test('is saved as picture, diagram and text', async ({ page, live, hep }) => {
  await open(live, (call) =>
    hep.send(call.invite(), call.trying(), call.ringing(), call.answer(), call.ack(), call.bye(), call.byeAnswer()),
  )
  await live.ladder.press('E')
  const svg = readFileSync(await saved(page, 'SVG picture'), 'utf8')
  const found = await page.evaluate((text) => {
    const parsed = new DOMParser().parseFromString(text, 'image/svg+xml')
    return { errors: parsed.querySelectorAll('parsererror').length, arrows: parsed.querySelectorAll('g').length }
  }, svg)
  expect(found).toEqual({ errors: 0, arrows: 7 })
  await live.ladder.focus()
  await live.ladder.press('E')
  const png = readFileSync(await saved(page, 'PNG picture'))
  expect(png.subarray(1, 4).toString()).toBe('PNG')
  // As wide as the picture, twice.
  const [, width] = /<svg[^>]* width="(\d+)"/.exec(svg) ?? []
  expect(png.readUInt32BE(16)).toBe(2 * Number(width))
  await live.ladder.focus()
  await live.ladder.press('E')
  expect(readFileSync(await saved(page, 'Mermaid diagram'), 'utf8')).toMatch(/^sequenceDiagram\n/)
  await live.ladder.focus()
  await live.ladder.press('E')
  expect(readFileSync(await saved(page, 'Text'), 'utf8')).toContain('INVITE (SDP)')
})
