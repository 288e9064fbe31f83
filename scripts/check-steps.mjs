import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, runCommand, runTool } from './setup/command.mjs'

const STEP_TIMEOUT_MS = 5 * 60_000
const AT_ONCE = 2
const TYPE_INFO = join(ROOT, '.cache', 'tsc')
const PROJECTS = ['.', 'shared', 'shared/test', 'server', 'client', 'client/test', 'e2e', 'bench']
const WORKSPACES = ['shared', 'server', 'client', 'e2e', 'bench']

/**
 * A tool of a package, or a script of our own.
 *
 * @typedef {{ name: string, packageName: string, tool: string, args: readonly string[] } | { name: string, script: string }} Step
 */

/** @typedef {import('./test-reports.mjs').TestResult} TestResult */

/** @type {readonly Step[]} The slowest first, so that none is left alone at the end. */
const STEPS = [
  { name: 'eslint', packageName: 'eslint', tool: 'eslint', args: ['--max-warnings', '0', '.'] },
  { name: 'prettier', packageName: 'prettier', tool: 'prettier', args: ['--check', '--log-level', 'warn', '.'] },
  {
    name: 'svelte-check',
    packageName: 'svelte-check',
    tool: 'svelte-check',
    args: ['--workspace', 'client', '--tsconfig', './tsconfig.json', '--output', 'human', '--fail-on-warnings'],
  },
  ...PROJECTS.map((project) => ({
    name: `tsc ${project}`,
    packageName: 'typescript',
    tool: 'tsc',
    args: ['--project', project, '--incremental', '--tsBuildInfoFile', join(TYPE_INFO, typeInfoName(project))],
  })),
  { name: 'package', script: join(ROOT, 'scripts', 'check-package.mjs') },
  { name: 'depcruise', packageName: 'dependency-cruiser', tool: 'depcruise', args: [...WORKSPACES, 'scripts'] },
  { name: 'knip', packageName: 'knip', tool: 'knip', args: [] },
]

/**
 * Run formatting, lint, types, the published package, import rules and dead code, two at a time, with one line for
 * each: `ok`, or `FAILED` followed by what the tool said.
 *
 * @returns {Promise<TestResult[]>}
 */
export async function runChecks() {
  mkdirSync(TYPE_INFO, { recursive: true })
  const waiting = [...STEPS]
  /** @type {TestResult[]} */
  const results = []
  const work = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const { code, output } = await runStep(step)
      results.push({
        outcome: code === 0 ? 'passed' : 'failed',
        file: '',
        text: step.name,
        error: code === 0 ? '' : output,
      })
      process.stdout.write(code === 0 ? `ok      ${step.name}\n` : `FAILED  ${step.name}\n${output.trimEnd()}\n`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return results
}

/** @param {Step} step */
function runStep(step) {
  const options = { timeoutMs: STEP_TIMEOUT_MS }
  return 'script' in step
    ? runCommand(process.execPath, [step.script], options)
    : runTool(step.packageName, step.tool, step.args, options)
}

/** @param {string} project */
function typeInfoName(project) {
  return `${project === '.' ? 'root' : project.replace('/', '-')}.tsbuildinfo`
}
