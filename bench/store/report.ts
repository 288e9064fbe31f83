/** A figure beside its target; a target that is missed is the exit code too. */
export function judge(name: string, figure: number, unit: string, target: number, isAtLeast: boolean): void {
  const isMet = isAtLeast ? figure >= target : figure <= target
  const text = `${format(figure)} ${unit}`
  const verdict = isMet ? 'ok' : isAtLeast ? 'UNDER' : 'OVER'
  console.log(
    `${name.padEnd(44)} ${text.padStart(18)}   target ${isAtLeast ? '>=' : '<='} ${format(target)}: ${verdict}`,
  )
  if (!isMet) process.exitCode = 1
}

/** A figure without a target. */
export function note(name: string, text: string): void {
  console.log(`${name.padEnd(44)} ${text.padStart(18)}`)
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN
}

function format(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 1000 ? 1 : 0 })
}

export function option(name: string, fallback: string): string {
  return process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? fallback
}

export async function timedMs(action: () => unknown): Promise<number> {
  const startedMs = performance.now()
  await action()
  return performance.now() - startedMs
}
