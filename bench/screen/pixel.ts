import type { Page } from '@playwright/test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MeasuredServer } from '../ingest/server.ts'
import { type Figure, quantile } from './figure.ts'
import { Sender } from './load.ts'
import { probePacket } from './packet.ts'

/** Uneven, so that they do not go along with any timer on the way. */
const EVERY_MS = 60
const SPREAD_MS = 80
/** For the last ones to come. */
const LAST_MS = 1000

/** Send calls of our own for some time, and note how long after its packet each is drawn. */
export async function watchPackets(page: Page, server: MeasuredServer, seconds: number): Promise<readonly Figure[]> {
  const mark = `probe-${Date.now().toString(36)}-`
  const seen = await page.evaluateHandle((wanted) => {
    const drawnMs = new Map<string, number>()
    const note = (row: Element): void => {
      const callId = row.getAttribute('data-call-id') ?? ''
      if (!callId.startsWith(wanted) || drawnMs.has(callId)) return
      drawnMs.set(callId, NaN)
      // The frame that paints it has run when a message from it comes.
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel()
        port1.onmessage = () => drawnMs.set(callId, Date.now())
        port2.postMessage(undefined)
      })
    }
    new MutationObserver((records) => {
      for (const { target, addedNodes } of records) {
        if (target instanceof Element) note(target)
        for (const node of addedNodes) {
          if (!(node instanceof Element)) continue
          note(node)
          for (const row of node.querySelectorAll('[data-call-id]')) note(row)
        }
      }
    }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-call-id'] })
    return drawnMs
  }, mark)
  const sender = await Sender.open(server)
  const sentMs = new Map<string, number>()
  const endMs = performance.now() + seconds * 1000 - LAST_MS
  while (performance.now() < endMs) {
    await sleep(EVERY_MS + Math.random() * SPREAD_MS)
    const callId = `${mark}${sentMs.size}`
    const packet = probePacket({
      callId,
      startLine: 'INVITE sip:bob@example.com SIP/2.0',
      cseq: '1 INVITE',
      from: '10.0.0.1',
      to: '10.0.0.2',
    })
    sentMs.set(callId, Date.now())
    sender.send(packet)
  }
  await sleep(LAST_MS)
  sender.close()
  const drawnMs = new Map(await seen.evaluate((found) => [...found]))
  // What never came took forever.
  const delays = [...sentMs].map(([callId, atMs]) => (drawnMs.get(callId) ?? Infinity) - atMs)
  return [
    { name: 'packet to pixel: p50', value: quantile(delays, 0.5), unit: 'ms', below: 100 },
    { name: 'packet to pixel: p99', value: quantile(delays, 0.99), unit: 'ms', below: 300 },
    { name: 'packet to pixel: sent', value: delays.length, unit: 'calls' },
    { name: 'packet to pixel: never drawn', value: delays.filter((delay) => delay === Infinity).length, unit: 'calls' },
  ]
}
