import { expect, test } from '../../test.ts'
import { freshName, SipCall } from '../../hep/sip-call.ts'
import { rtcpBytes } from '../../peers/rtcp-bytes.ts'

test('grows message by message while the call runs', async ({ live, hep }) => {
  const call = new SipCall({ callId: freshName('grow') })
  await hep.send(call.invite())
  await live.filter.fill(`callid:${call.callId}`)
  await live.call(call.callId).click()
  await expect(live.arrows).toHaveCount(1)

  const steps = [
    [() => call.trying(), '100 Trying'],
    [() => call.ringing(), '180 Ringing'],
    [() => call.answer(), '200 OK (SDP)'],
    [() => call.ack(), 'ACK'],
    [() => call.bye(), 'BYE'],
    [() => call.byeAnswer(), '200 OK'],
  ] as const
  const shown = ['INVITE (SDP)']
  for (const [packet, label] of steps) {
    await hep.send(packet())
    shown.push(label)
    await expect(live.arrows).toHaveCount(shown.length)
    expect((await live.ladderRows()).map((row) => row.label)).toEqual(shown)
  }
  expect((await live.ladderRows()).slice(0, 2)).toMatchObject([
    { from: '10.0.0.1:5060', to: '10.0.0.2:5062' },
    { from: '10.0.0.2:5062', to: '10.0.0.1:5060' },
  ])
})

test('reads RTCP as it was on the wire, live and from the store', async ({ page, live, hep }) => {
  const call = new SipCall({ callId: freshName('rtcp') })
  const heard = { source: 2, fractionLost: 26, packetsLost: 3, highestSequence: 9, jitter: 80, lsr: 0, dlsr: 0 }
  const rtcp = rtcpBytes([
    { type: 'receiver-report', ssrc: 0x11223344, blocks: [heard] },
    { type: 'source-description', chunks: [{ ssrc: 0x11223344, items: [{ type: 1, name: 'CNAME', text: 'a@b' }] }] },
  ])
  const { callId: correlationId } = call
  await hep.send(call.invite(), call.answer(), call.ack())
  await hep.send({ ...call.ack(), srcPort: 4001, dstPort: 5001, protocolType: 5, correlationId, payload: rtcp })
  for (const address of [`/#q=callid:${correlationId}`, `/#/search?q=callid:${correlationId}`]) {
    await page.goto(address)
    await live.call(correlationId).click()
    await live.arrows.filter({ hasText: 'RTCP loss 10.2 % jitter 10 ms' }).click()
    await expect(live.message).toContainText('Receiver report of SSRC 0x11223344')
    await expect(live.message).toContainText('CNAME a@b')
    await live.message.getByRole('tab', { name: 'Bytes' }).click()
    await expect(live.message).toContainText('81 c9 00 07 11 22 33 44')
  }
})

test('shows the text of the chosen message', async ({ live, hep }) => {
  const call = new SipCall({ callId: freshName('text') })
  await hep.send(call.invite(), call.ringing())
  await live.filter.fill(`callid:${call.callId}`)
  await live.call(call.callId).click()
  await live.arrows.filter({ hasText: '180 Ringing' }).click()
  await expect(live.message).toContainText('SIP/2.0 180 Ringing')
  await expect(live.message).toContainText(`Call-ID: ${call.callId}`)
  await live.arrows.filter({ hasText: 'INVITE' }).click()
  await expect(live.message).toContainText('m=audio 4000 RTP/AVP 0')
})

test('marks a repeated message', async ({ live, hep }) => {
  const call = new SipCall({ callId: freshName('twice') })
  const invite = call.invite()
  await hep.send(invite, { ...invite, tsUs: (invite.tsUs ?? 0) + 500_000 })
  await live.filter.fill(`callid:${call.callId}`)
  await live.call(call.callId).click()
  await expect(live.arrows).toHaveCount(2)
  await live.ladder.press('Home')
  await expect(live.message).not.toContainText('repeat 1')
  await live.ladder.press('End')
  await expect(live.message).toContainText('repeat 1')
})

test('opens again from its address, with what came before the page was opened', async ({ page, live, hep }) => {
  const call = new SipCall({ callId: freshName('deep link') })
  await hep.send(call.invite(), call.ringing(), call.answer(), call.ack())
  await live.filter.fill(`callid:"${call.callId}"`)
  await live.call(call.callId).click()
  await live.arrows.filter({ hasText: '180 Ringing' }).click()
  await expect(live.message).toContainText('SIP/2.0 180 Ringing')
  const address = page.url()

  await page.goto('about:blank')
  await live.open(address)
  await expect(live.arrows).toHaveCount(4)
  await expect(live.message).toContainText('SIP/2.0 180 Ringing')
  await hep.send(call.bye())
  await expect(live.arrows).toHaveCount(5)
})

test('joins several calls in one ladder', async ({ live, hep }) => {
  const mark = freshName('joint')
  const [one, other] = [new SipCall({ callId: `${mark}-1` }), new SipCall({ callId: `${mark}-2` })]
  await hep.send(one.invite(), other.invite(), one.ringing(), other.ringing())
  await live.filter.fill(`callid:${mark}*`)
  await live.call(one.callId).click({ modifiers: ['Control'] })
  await live.call(other.callId).click({ modifiers: ['Control'] })
  await live.list.press('Enter')
  await expect(live.arrows).toHaveCount(4)
})
