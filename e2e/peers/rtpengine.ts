import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type PayloadView, viewPayload } from '@hepscope/shared/payload/view.ts'
import { freePort, type LoopbackHost, portIsBound } from '../process/loopback-port.ts'
import { needProgram } from '../process/programs.ts'
import type { Stage } from '../process/stage.ts'

/** HEP protocol type of the control protocol, whose answers are read as if they came by HEP. */
const NG = 61
const ANSWER_TIMEOUT_MS = 5000

/** A running rtpengine, by its control protocol (ng). */
export interface Rtpengine {
  /**
   * Ask for something, e.g. `{ command: 'offer', 'call-id': …, 'from-tag': …, sdp: … }`.
   *
   * @returns its answer, which is not an error
   */
  ask(request: Readonly<Record<string, string>>): Promise<PayloadView & { readonly kind: 'ng' }>
}

/**
 * Run rtpengine in user space, so that it needs no kernel module and no rights.
 *
 * @param host where its media ports are
 * @param homer arguments that make it send HEP
 */
export async function startRtpengine(stage: Stage, host: LoopbackHost, homer: readonly string[]): Promise<Rtpengine> {
  const rtpengine = needProgram('rtpengine')
  const port = await freePort()
  const how = ['--config-file=none', '--table=-1', '--foreground', '--log-stderr', '--log-level=4']
  stage.run(rtpengine, [...how, `--interface=${host}`, `--listen-ng=127.0.0.1:${port}`, ...homer])
  await portIsBound(port)

  const socket = createSocket('udp4')
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  stage.atEnd(() => socket.close())
  let asked = 0
  return {
    async ask(request) {
      const cookie = `test-${asked++}`
      socket.send(`${cookie} d${Object.entries(request).flat().map(bencodeText).join('')}e`)
      const [bytes] = (await once(socket, 'message', { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) })) as [Buffer]
      const answer = viewPayload(NG, bytes)
      if (answer.kind !== 'ng' || answer.cookie !== cookie || answer.result === 'error')
        throw new Error(`rtpengine answered ${request.command}: ${bytes.toString()}`)
      return answer
    },
  }
}

function bencodeText(text: string): string {
  return `${Buffer.byteLength(text)}:${text}`
}

/** Port of the audio in an SDP; NaN if there is none. */
export function sdpPort(sdp = ''): number {
  return Number(/^m=audio (\d+)/m.exec(sdp)?.[1])
}
