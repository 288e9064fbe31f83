import { freeUdpPort, udpPortIsBound } from '../process/udp-port.ts'
import type { Child } from '../process/child.ts'
import { needProgram } from '../process/programs.ts'
import type { Stage } from '../process/stage.ts'

const HOST = '127.0.0.1'
const TALK_MS = 300

/** A callee that takes so many calls and then ends; resolves when it can be called. */
export async function startCallee(
  stage: Stage,
  calls: number,
): Promise<{ readonly port: number; readonly child: Child }> {
  const sipp = needProgram('sipp')
  const port = await freeUdpPort()
  const args = ['-sn', 'uas', '-i', HOST, '-p', String(port), '-m', String(calls), '-nostdin']
  const child = stage.run(sipp, args, { cwd: stage.directory() })
  await udpPortIsBound(port)
  return { port, child }
}

/**
 * Make calls to a port and wait until each has ended well: INVITE, 180, 200, ACK, 300 ms of talk, BYE, 200.
 *
 * @throws Error if a call failed
 */
export async function makeCalls(
  stage: Stage,
  port: number,
  { calls, callsPerSec }: { readonly calls: number; readonly callsPerSec: number },
): Promise<void> {
  const sipp = needProgram('sipp')
  const from = await freeUdpPort()
  const load = ['-m', String(calls), '-r', String(callsPerSec), '-d', String(TALK_MS)]
  const args = ['-sn', 'uac', `${HOST}:${port}`, '-s', 'bob', '-i', HOST, '-p', String(from), ...load, '-nostdin']
  const child = stage.run(sipp, args, { cwd: stage.directory() })
  await child.succeeds(30_000 + (1000 * calls) / callsPerSec)
}
