import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
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
