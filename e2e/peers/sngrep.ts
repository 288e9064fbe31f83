import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { expect } from '@playwright/test'
import type { Child } from '../process/child.ts'
import { needProgram } from '../process/programs.ts'
import type { Stage } from '../process/stage.ts'

/**
 * Run sngrep without a screen, as a sender of HEP.
 *
 * @param hepPort of the receiver on loopback
 * @param source what it reads: `-I FILE`, or `-d DEVICE` and a packet filter
 */
export function runSngrep(stage: Stage, hepPort: number, source: readonly string[]): Child {
  const settings = ['-N', '-q', '-F', '-H', `udp:127.0.0.1:${hepPort}`]
  return stage.run(needProgram('sngrep'), [...settings, ...source])
}

/** A line of sngrep's call list. */
export interface SngrepDialog {
  readonly callId: string
  /** In sngrep's words, e.g. `IN CALL`; `''` for what is not a call. */
  readonly state: string
}

/** How wide the columns are, in characters: wider than anything in them. */
const COLUMNS = [
  ['callid', 100],
  ['state', 20],
] as const
const SETTINGS = COLUMNS.flatMap(([name, width], i) => [
  `set cl.column${i} ${name}`,
  `set cl.column${i}.width ${width}`,
]).join('\n')
const HEAD_LINES = 6

/**
 * What sngrep shows of a capture. It has no other way to tell the states than its screen, so it gets one that is high
 * enough for all of them: a terminal of tmux.
 *
 * @param dialogs that are in the capture
 */
export async function readCallList(stage: Stage, capture: string, dialogs: number): Promise<SngrepDialog[]> {
  const [sngrep, tmux] = [needProgram('sngrep'), needProgram('tmux')]
  const dir = stage.directory()
  const [rc, socket] = [`${dir}/sngreprc`, `${dir}/tmux`]
  writeFileSync(rc, `${SETTINGS}\n`)
  const call = (...args: readonly string[]): Child => stage.run(tmux, ['-S', socket, ...args])
  const server = stage.run(tmux, ['-S', socket, '-f', '/dev/null', '-D'])
  await expect.poll(() => existsSync(socket)).toBe(true)
  const size = ['-x', '300', '-y', String(dialogs + HEAD_LINES + 4)]
  await call('new-session', '-d', ...size, `exec ${sngrep} -f ${rc} -I ${capture} -l ${2 * dialogs}`).succeeds(5000)
  const pane = call('display-message', '-p', '#{pane_pid}')
  await pane.succeeds(5000)
  stage.atEnd(() => killNow(Number(pane.stdout)))
  let found: SngrepDialog[] = []
  await expect
    .poll(
      async () => {
        const screen = call('capture-pane', '-p')
        await screen.succeeds(5000)
        found = screen.stdout.includes('(Loading)') ? [] : dialogsOn(screen.stdout)
        return found.length
      },
      { timeout: 60_000, intervals: [500] },
    )
    .toBe(dialogs)
  killNow(Number(pane.stdout))
  await call('kill-server').succeeds(5000)
  await server.exited
  return found
}

/** sngrep outlives its terminal, and keeps a core busy with looking for it. */
function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

function dialogsOn(screen: string): SngrepDialog[] {
  const [[, callIdWidth], [, stateWidth]] = COLUMNS
  return screen.split('\n').flatMap((line) => {
    const [, rest] = /^. \[[ *]\] (.*)$/u.exec(line) ?? []
    if (rest === undefined) return []
    const callId = rest.slice(0, callIdWidth).trim()
    return [{ callId, state: rest.slice(callIdWidth, callIdWidth + 1 + stateWidth).trim() }]
  })
}

/** Wait until a program has opened a packet socket. It says nothing itself. */
export async function capturesPackets(child: Child): Promise<void> {
  await expect.poll(() => packetSockets().some((inode) => socketsOf(child.pid).includes(inode))).toBe(true)
}

/** Inodes in the last column of proc(5) /proc/net/packet. */
function packetSockets(): readonly string[] {
  const [, ...lines] = readFileSync('/proc/net/packet', 'utf8').trim().split('\n')
  return lines.map((line) => line.trim().split(/\s+/).at(-1) ?? '')
}

function socketsOf(pid: number): readonly string[] {
  const dir = `/proc/${pid}/fd`
  return readdirSync(dir).flatMap((name) => /^socket:\[(\d+)\]$/.exec(linkOf(`${dir}/${name}`))?.[1] ?? [])
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    // Closed since the directory was read.
    return ''
  }
}
