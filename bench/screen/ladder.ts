import type { Page } from '@playwright/test'
import { setTimeout as sleep } from 'node:timers/promises'
import { MeasuredServer } from '../ingest/server.ts'
import { openLive, withPage } from './browser.ts'
import type { Figure, Plan } from './figure.ts'
import { frameFigures, watchFrames } from './frames.ts'
import { Sender } from './load.ts'
import { probePacket } from './packet.ts'

const MESSAGES = 5000
const GROWTH_PER_SEC = 50
const HOSTS = 12
/** Messages at once while it is filled, so that no socket overflows. */
const BURST = 50
const CALL_ID = 'one-large-call'
const WHEEL_PX = 240
const STEP_MS = 50

/** One call of 5,000 messages between 12 hosts that goes on while its ladder is scrolled. */
export async function measureLadder({ seconds }: Plan): Promise<readonly Figure[]> {
  const server = await MeasuredServer.start(1)
  const sender = await Sender.open(server)
  const call = largeCall()
  try {
    return await withPage(server, async (page) => {
      await openLive(page)
      for (let sent = 0; sent < MESSAGES; sent += BURST) {
        for (let i = 0; i < BURST; i++) sender.send(call())
        await sleep(10)
      }
      await page.locator(`[data-call-id=${CALL_ID}]`).click()
      const ladder = page.getByRole('grid', { name: 'Ladder' })
      await ladder.locator('[data-seq]').first().waitFor()
      await sleep(2000)
      const growth = setInterval(() => sender.send(call()), 1000 / GROWTH_PER_SEC)
      const rows = async (): Promise<number> => Number(await ladder.getAttribute('aria-rowcount'))
      const before = await rows()
      const frames = await watchFrames(page, seconds, () => scroll(page, seconds))
      const after = await rows()
      clearInterval(growth)
      return [
        ...frameFigures('ladder', frames),
        { name: 'ladder: rows at the beginning', value: before, unit: 'rows' },
        { name: 'ladder: rows that came', value: (after - before) / seconds, unit: '/s' },
      ]
    })
  } finally {
    sender.close()
    await server.stop()
  }
}

/** Wheel and keys in turns, up and down. */
async function scroll(page: Page, seconds: number): Promise<void> {
  const ladder = page.getByRole('grid', { name: 'Ladder' })
  await ladder.hover()
  await ladder.focus()
  const endMs = performance.now() + seconds * 1000
  for (let step = 0; performance.now() < endMs; step++) {
    const isDown = Math.floor(step / 60) % 2 === 0
    if (Math.floor(step / 20) % 2 === 0) await page.mouse.wheel(0, isDown ? WHEEL_PX : -WHEEL_PX)
    else await page.keyboard.press(isDown ? 'ArrowDown' : 'ArrowUp')
    await sleep(STEP_MS)
  }
}

/** The messages of a call one after another: INVITE, then INFO and its answer, hop by hop. */
function largeCall(): () => ReturnType<typeof probePacket> {
  let count = 0
  return () => {
    const number = count++
    if (number === 0) return message('INVITE sip:bob@example.com SIP/2.0', '1 INVITE', 0, 1)
    const hop = Math.floor(number / 2) % (HOSTS - 1)
    const cseq = `${1 + Math.ceil(number / 2)} INFO`
    return number % 2 === 1
      ? message('INFO sip:bob@example.com SIP/2.0', cseq, hop, hop + 1)
      : message('SIP/2.0 200 OK', cseq, hop + 1, hop)
  }
}

function message(startLine: string, cseq: string, from: number, to: number): ReturnType<typeof probePacket> {
  return probePacket({ callId: CALL_ID, startLine, cseq, from: `10.0.0.${from + 1}`, to: `10.0.0.${to + 1}` })
}
