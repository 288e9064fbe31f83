import { readdirSync, readFileSync } from 'node:fs'

/** Seconds of processor by part of the browser, since it was started. */
export type ThreadTimes = ReadonlyMap<string, number>

const TICKS_PER_SEC = 100
/** Threads that have more than the rest to do with what is on the screen, by their names in Linux. */
const PARTS: readonly (readonly [pattern: RegExp, part: string])[] = [
  [/^DedicatedWorker/, "the page's worker"],
  [/^CompositorTileW|^ThreadPoolForeg/, 'raster and other pool threads'],
  [/^Viz|^CrGpuMain/, 'display'],
  [/^Compositor$/, 'compositor'],
]

/** Of all browsers that this process has started; nothing where there is no `/proc`. */
export function threadTimes(): ThreadTimes {
  const times = new Map(PARTS.map(([, part]) => [part, 0]))
  for (const pid of descendants(process.pid)) {
    for (const thread of namesIn(`/proc/${pid}/task`)) {
      const stat = statOf(`/proc/${pid}/task/${thread}/stat`)
      const part = PARTS.find(([pattern]) => pattern.test(stat?.name ?? ''))?.[1]
      if (stat !== undefined && part !== undefined) times.set(part, (times.get(part) ?? 0) + stat.seconds)
    }
  }
  return times
}

function descendants(root: number): readonly number[] {
  const parents = new Map<number, number>()
  for (const name of namesIn('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid)) continue
    const parent = statOf(`/proc/${pid}/stat`)?.parent
    if (parent !== undefined) parents.set(pid, parent)
  }
  const isOurs = (pid: number): boolean => {
    for (let at = parents.get(pid); at !== undefined; at = parents.get(at)) if (at === root) return true
    return false
  }
  return [...parents.keys()].filter(isOurs)
}

/** Fields of proc(5), of which the second is the name in parentheses. */
function statOf(
  file: string,
): { readonly name: string; readonly parent: number; readonly seconds: number } | undefined {
  try {
    const text = readFileSync(file, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const ticks = Number(fields[11]) + Number(fields[12])
    return {
      name: text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')),
      parent: Number(fields[1]),
      seconds: ticks / TICKS_PER_SEC,
    }
  } catch {
    // It has ended since.
    return undefined
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
