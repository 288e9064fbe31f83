import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from '../../test.ts'
import { freshName, SipCall } from '../../hep/sip-call.ts'
import { quantile, tellMeasured } from '../../measured.ts'
import { watchRows } from '../../page/row-clock.ts'
import { runHepscope } from '../../server/command-line.ts'

const MESSAGES_PER_SEC = 1000
const SAMPLES = 40
const MEDIAN_MS = 150

// A trace is a film of the page, which costs more than the page.
test.use({ trace: 'off' })
// Something else may have the machine for a while.
test.describe.configure({ retries: 1 })

test(`shows a call within ${MEDIAN_MS} ms of its packet at ${MESSAGES_PER_SEC} messages/s`, async ({
  page,
  stage,
  live,
  hep,
  deployment,
}) => {
  test.skip(deployment.own === undefined, 'packet and screen have to go by the same clock')
  const target = `udp://${deployment.hep.host}:${deployment.hep.port}`
  const load = ['--rate', String(MESSAGES_PER_SEC), '--seconds', '20']
  const gen = runHepscope(stage, ['gen', '--to', target, ...load])
  await expect(live.connection).toContainText(/\b1,0\d\d\/s|\b9\d\d\/s/, { timeout: 15_000 })

  const mark = freshName('latency')
  const rowsSeen = await watchRows(page, mark)
  const sentMs = new Map<string, number>()
  for (let sample = 0; sample < SAMPLES; sample++) {
    // Uneven, so that it does not go along with any timer on the way.
    await pause(150 + Math.random() * 100)
    const call = new SipCall({ callId: `${mark}-${sample}` })
    const packet = call.invite()
    sentMs.set(call.callId, Date.now())
    await hep.send(packet)
  }
  await expect.poll(async () => (await rowsSeen()).length).toBe(SAMPLES)
  expect(gen.status, 'the load ran to the last sample').toBeUndefined()
  gen.send('SIGINT')
  await gen.exited

  const rows = await rowsSeen()
  const inDocument = rows.map(({ callId, inDocumentMs }) => inDocumentMs - (sentMs.get(callId) ?? NaN))
  const drawn = rows.map(({ callId, drawnMs }) => drawnMs - (sentMs.get(callId) ?? NaN))
  tellMeasured(
    `packet to row at ${MESSAGES_PER_SEC} messages/s, ${SAMPLES} calls: in the document after ` +
      `${quantile(inDocument, 0.5)} ms (median), ${quantile(inDocument, 0.95)} ms (95 %); ` +
      `drawn after ${quantile(drawn, 0.5)} ms (median), ${quantile(drawn, 0.95)} ms (95 %)`,
  )
  expect(quantile(drawn, 0.5)).toBeLessThan(MEDIAN_MS)
})
