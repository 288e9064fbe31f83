import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, type LoopbackHost, portIsBound } from '../process/loopback-port.ts'
import type { Child } from '../process/child.ts'
import { needProgram } from '../process/programs.ts'
import type { Stage } from '../process/stage.ts'
import { readSippLog, type SippMessage } from './sipp-log.ts'

/** How SIPp reaches its neighbour. */
export interface SippLink {
  readonly host?: LoopbackHost
  readonly transport?: 'udp' | 'tcp'
}

/** One end of calls. */
export interface SippParty {
  readonly port: number
  readonly child: Child
  /** What it has sent and received, by its own log. */
  messages(): readonly SippMessage[]
}

const TALK_MS = 300

/** A callee that takes so many calls and then ends; resolves when it can be called. */
export async function startCallee(stage: Stage, calls: number, link: SippLink = {}): Promise<SippParty> {
  const callee = await start(stage, ['-sn', 'uas'], calls, link)
  await portIsBound(callee.port)
  return callee
}

/**
 * Make calls to a port and wait until each has ended well: INVITE, 180, 200, ACK, 300 ms of talk, BYE, 200.
 *
 * @returns the caller
 * @throws Error if a call failed
 */
export async function makeCalls(
  stage: Stage,
  port: number,
  { calls, callsPerSec, ...link }: SippLink & { readonly calls: number; readonly callsPerSec: number },
): Promise<SippParty> {
  const target = link.host === '::1' ? `[::1]:${port}` : `127.0.0.1:${port}`
  const load = ['-s', 'bob', '-r', String(callsPerSec), '-d', String(TALK_MS)]
  const caller = await start(stage, ['-sn', 'uac', target, ...load], calls, link)
  await caller.child.succeeds(30_000 + (1000 * calls) / callsPerSec)
  return caller
}

async function start(stage: Stage, role: readonly string[], calls: number, link: SippLink): Promise<SippParty> {
  const { host = '127.0.0.1', transport = 'udp' } = link
  const sipp = needProgram('sipp')
  const directory = stage.directory()
  const log = join(directory, 'messages.log')
  const port = await freePort(host)
  const socket = ['-i', host, '-p', String(port), '-t', transport === 'tcp' ? 't1' : 'u1']
  const args = [...role, '-m', String(calls), ...socket, '-nostdin', '-trace_msg', '-message_file', log]
  const child = stage.run(sipp, args, { cwd: directory })
  return { port, child, messages: () => readSippLog(readFileSync(log)) }
}
