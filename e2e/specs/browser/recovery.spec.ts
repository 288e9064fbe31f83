import { expect, test } from '../../test.ts'
import { freshName, SipCall } from '../../hep/sip-call.ts'

test('loses the server, says so, and recovers by itself', async ({ page, live, hep, deployment }) => {
  const { own } = deployment
  test.skip(own === undefined, 'kills the server')
  if (own === undefined) return
  live.faults.expect(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|WebSocket connection|ERR_EMPTY_RESPONSE/)
  const call = new SipCall({ callId: freshName('lost') })
  await hep.send(call.invite(), call.ringing())
  await live.call(call.callId).click()
  await expect(live.arrows).toHaveCount(2)
  await own.stores(2, 5000)

  await own.kill()
  await expect(live.connection).toHaveAttribute('data-connection', 'waiting')
  await expect(page.getByText('no connection to the server since')).toBeVisible()
  // What was seen stays to be read.
  await expect(live.arrows).toHaveCount(2)

  await own.startAgain()
  await live.isLive(30_000)
  await expect(page.getByText('no connection to the server since')).toHaveCount(0)
  await hep.send(call.answer(), call.ack())
  await expect(live.call(call.callId)).toHaveAttribute('data-state', 'in-call')
  await expect(live.arrows).toHaveCount(4)
  // That nothing was captured meanwhile is shown in the list.
  await expect(live.list.getByText(/restarted: nothing captured meanwhile/)).toBeVisible()
})
