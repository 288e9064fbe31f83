import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PcapMessage, writePcap } from '@hepscope/shared/pcap/write.ts'
import { simulateCalls } from '../../server/src/gen/simulator.ts'
import { MeasuredServer } from '../ingest/server.ts'
import { withPage } from './browser.ts'
import type { Figure } from './figure.ts'

const MESSAGES = 140_000
const CALLS = 20_000
const TIMEOUT_MS = 120_000

/** A capture of 140,000 messages, opened in the page: how soon all of it is there and can be scrolled. */
export async function measureFile(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'hepscope-bench-'))
  const file = join(directory, 'large.pcap')
  const pcap = writePcap(messages())
  writeFileSync(file, pcap)
  const server = await MeasuredServer.start(1)
  try {
    return await withPage(server, async (page) => {
      await page.goto('/#/file')
      const input = page.getByLabel('Capture files')
      await input.waitFor({ state: 'attached' })
      const seen = await page.evaluateHandle(
        ({ most }) => {
          const times = { chosenMs: NaN, firstRowMs: NaN, allMs: NaN, scrolledMs: NaN }
          document.addEventListener('change', () => (times.chosenMs = performance.now()), { capture: true, once: true })
          const look = (): void => {
            const nowMs = performance.now() - times.chosenMs
            const rows = document.querySelectorAll('[data-call-id]')
            if (rows.length > 0 && Number.isNaN(times.firstRowMs)) times.firstRowMs = nowMs
            const isAll = document.body.innerText.includes(`${most} events`)
            const grid = document.querySelector('[role=grid]')
            if (isAll && grid !== null && Number.isNaN(times.allMs)) {
              times.allMs = nowMs
              grid.scrollTop = grid.scrollHeight / 2
            } else if (!Number.isNaN(times.allMs) && grid !== null) {
              const box = grid.getBoundingClientRect()
              const middle = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)
              if (middle?.closest('[data-call-id]') !== null) times.scrolledMs = nowMs
            }
            if (Number.isNaN(times.scrolledMs)) setTimeout(look, 20)
          }
          look()
          return times
        },
        { most: MESSAGES.toLocaleString('en') },
      )
      await input.setInputFiles(file)
      await page.waitForFunction((times) => !Number.isNaN(times.scrolledMs), seen, { timeout: TIMEOUT_MS })
      const { firstRowMs, allMs, scrolledMs } = await seen.jsonValue()
      return [
        { name: `file of ${MESSAGES.toLocaleString('en')} messages: first rows`, value: firstRowMs / 1000, unit: 's' },
        { name: 'file: all decoded and in the list', value: allMs / 1000, unit: 's' },
        { name: 'file: usable, scrolled to the middle', value: scrolledMs / 1000, unit: 's', below: 4 },
        { name: 'file: its size', value: pcap.length / 1024 / 1024, unit: 'MiB' },
      ]
    })
  } finally {
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** SIP of simulated calls, as many messages as wanted. */
function* messages(): Generator<PcapMessage, void, void> {
  let count = 0
  const packets = simulateCalls({
    seed: 1,
    calls: CALLS,
    callsPerSec: 50,
    startUs: 1_795_308_988_000_000,
    durationScale: 0.2,
    rtcpShare: 0,
    logShare: 0,
  })
  for (const { srcIp, srcPort, dstIp, dstPort, tsUs, ipProtocol, payload } of packets) {
    // What is no message between two hosts.
    if (srcIp === undefined || dstIp === undefined || tsUs === undefined || payload === undefined) continue
    if (count++ === MESSAGES) return
    yield { srcIp, srcPort, dstIp, dstPort, tsUs, ipProtocol, bytes: payload }
  }
}
