import type { Call, Flow } from '../call.ts'
import type { Scenario } from '../scenario.ts'

/** The proxy asks a trunk whether it is there. */
function* keepAlive(call: Call): Flow {
  const { leg } = call
  const options = leg.probe('OPTIONS')
  yield leg.request(options, 'onward')
  call.waitForAnswer()
  yield leg.response(options, 'onward', 200, {
    headers: ['Allow: INVITE, ACK, CANCEL, BYE, OPTIONS', 'Accept: application/sdp'],
  })
}

export const KEEP_ALIVE: readonly Scenario[] = [
  {
    name: 'options',
    summary: 'OPTIONS keep-alive of the proxy to a trunk, 200',
    weight: 60,
    expected: 'answered',
    casting: { callee: 'trunk' },
    play: keepAlive,
  },
]
