import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '../../test.ts'
import { runHepscope } from '../../server/command-line.ts'

const CALLS = 120
// High enough for every row.
test.use({ viewport: { width: 1440, height: 120 * 26 + 400 } })

test('gives each invented call the state that its scenario ends in', async ({ stage, server, live }) => {
  const ledger = join(stage.directory(), 'ledger.jsonl')
  // In the past, so that calls of any length are there at once.
  const calls = ['--calls', String(CALLS), '--cps', '20', '--duration-scale', '0.3', '--seed', '3', '--asap']
  await runHepscope(stage, ['gen', '--to', server.udpTarget, ...calls, '--ledger', ledger]).succeeds(20_000)
  const records = readFileSync(ledger, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { callId: string; scenario: string; expectedState: string })

  await live.page.getByLabel('What the list shows').selectOption('all')
  await expect(live.calls).toHaveCount(CALLS)
  const rows = await live.calls.evaluateAll((elements) =>
    elements.map((element) => [element.getAttribute('data-call-id') ?? '', element.getAttribute('data-state') ?? '']),
  )
  const shown = new Map(rows.map(([callId = '', state = '']) => [callId, state]))
  const stateOf = (state: (callId: string, expected: string) => string | undefined) =>
    records.map(({ callId, scenario, expectedState }) => `${scenario} ${callId}: ${state(callId, expectedState) ?? ''}`)
  expect(stateOf((callId) => shown.get(callId))).toEqual(stateOf((_, expected) => expected))
})
