import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from '../../test.ts'
import { freshName, SipCall } from '../../hep/sip-call.ts'
import type { Stage } from '../../process/stage.ts'
import { SHIPPED_CONFIG } from '../../server/command-line.ts'
import type { StreamFrame } from '../../stream/viewer.ts'

const require = createRequire(import.meta.url)
const WSCAT = join(dirname(require.resolve('wscat/package.json')), 'bin', 'wscat')

/** Run wscat as in the document of the live stream; what it prints is added line by line. */
function wscat(stage: Stage, url: string): { readonly lines: readonly StreamFrame[]; readonly errors: string[] } {
  // It ends when its input does.
  const child = spawn(process.execPath, [WSCAT, '-c', url], { stdio: ['pipe', 'pipe', 'pipe'] })
  stage.atEnd(() => child.kill())
  const lines: StreamFrame[] = []
  const errors: string[] = []
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts.map((line) => JSON.parse(line) as StreamFrame))
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text))
  return { lines, errors }
}

test('wscat watches the node and the coordinator as the document of the live stream says', async ({
  stage,
  server,
  hep,
}) => {
  // The ports of the document are those that the server is shipped with.
  const shipped = readFileSync(SHIPPED_CONFIG, 'utf8')
  expect(shipped).toContain('listen: 127.0.0.1:8083')
  expect(shipped).toContain('listen: 0.0.0.0:8081')
  const ws = (url: string) => url.replace(/^http/, 'ws')
  const { token } = await server.login()

  const node = wscat(stage, `${ws(server.nodeUrl)}/stream?proto=1`)
  const coordinator = wscat(stage, `${ws(server.url)}/api/v4/stream/hep?proto=1&method=INVITE&access_token=${token}`)
  const stranger = wscat(stage, `${ws(server.url)}/api/v4/stream/hep?proto=1&method=INVITE&access_token=nonsense`)
  await expect.poll(async () => (await server.metrics()).sum('hepscope_stream_subscribers')).toBe(2)
  await expect.poll(() => stranger.errors.join('')).toContain('401')

  const call = new SipCall({ callId: freshName('wscat'), fromUser: 'alice', toUser: 'bob' })
  await hep.send(call.invite(), call.ringing(), call.answer(), call.ack(), call.bye(), call.byeAnswer())
  const shown = (lines: readonly StreamFrame[]) =>
    lines.map(({ sip }) => `${sip?.method ?? ''}${sip?.resp_code === undefined ? '' : ` ${sip.resp_code}`}`)
  await expect.poll(() => shown(node.lines)).toEqual(['INVITE', 'INVITE 180', 'INVITE 200', 'ACK', 'BYE', 'BYE 200'])
  await expect.poll(() => shown(coordinator.lines)).toEqual(['INVITE', 'INVITE 180', 'INVITE 200'])
  for (const line of [...node.lines, ...coordinator.lines]) {
    expect(line).toMatchObject({ proto: 1, node_id: 2001, sip: { callid: call.callId } })
    expect(line).not.toHaveProperty('payload')
    expect(line).not.toHaveProperty('seq')
  }
  expect([...node.errors, ...coordinator.errors]).toEqual([])
})
