import { fileURLToPath } from 'node:url'
import type { Child } from '../process/child.ts'
import type { Stage } from '../process/stage.ts'

const COMMAND = fileURLToPath(new URL('../../server/bin/hepscope.js', import.meta.url))

/** Captures that came with the project. */
export const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url))
/** The configuration that `npm start` runs with. */
export const SHIPPED_CONFIG = fileURLToPath(new URL('../../hepscope.yaml', import.meta.url))

/**
 * Run a command of the built `hepscope`.
 *
 * @param env its configuration; of the environment of the test run nothing named `HEPSCOPE_` is passed on
 */
export function runHepscope(stage: Stage, args: readonly string[], env: Readonly<Record<string, string>> = {}): Child {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('HEPSCOPE_'))
  return stage.run(process.execPath, [COMMAND, ...args], { env: { ...Object.fromEntries(inherited), ...env } })
}
