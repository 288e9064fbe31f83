import { spawn } from 'node:child_process'
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { basename, delimiter, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const KILL_AFTER_MS = 10_000
const OUTPUT_CHARS = 1_000_000
const OWN_GROUP = process.platform !== 'win32'

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()

const onInterrupt = () => endAll('SIGINT', 130)
const onTerminate = () => endAll('SIGTERM', 143)

/**
 * @typedef {object} Finished
 * @property {number} code 0 is success; 124 after a time-out, 127 if it could not be started
 * @property {string} output what it printed, both streams, unless it was shown; at most the last million characters
 */

/**
 * Run a command to its end. It and its children are ended with us, or when its time is over.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ timeoutMs: number, cwd?: string, env?: Readonly<Record<string, string>>, show?: boolean }} options
 *   `show` passes the output through instead of keeping it
 * @returns {Promise<Finished>} never rejects
 */
export function runCommand(command, args, { timeoutMs, cwd = ROOT, env = {}, show = false }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
      // A group of its own can be ended whole: browsers and servers that tests start included.
      detached: OWN_GROUP,
    })
    let output = ''
    let isLate = false
    /** @param {string} text */
    const keep = (text) => {
      output = (output + text).slice(-OUTPUT_CHARS)
    }
    child.stdout?.setEncoding('utf8').on('data', keep)
    child.stderr?.setEncoding('utf8').on('data', keep)

    track(child)
    const onLate = () => {
      isLate = true
      endGroup(child, 'SIGTERM')
      setTimeout(() => endGroup(child, 'SIGKILL'), KILL_AFTER_MS).unref()
    }
    const timer = timeoutMs === Infinity ? undefined : setTimeout(onLate, timeoutMs)

    /** @param {number} code */
    const finish = (code) => {
      clearTimeout(timer)
      untrack(child)
      if (isLate) keep(`\n${basename(command)}: ended after ${timeoutMs / 1000} s\n`)
      resolve({ code: isLate ? 124 : code, output })
    }
    child.once('error', (error) => {
      keep(`${error.message}\n`)
      finish(127)
    })
    child.once('close', (code) => finish(code ?? 1))
  })
}

/**
 * Run the command line tool of an installed package under this Node.
 *
 * @param {string} packageName
 * @param {string} tool name of its command
 * @param {readonly string[]} args
 * @param {Parameters<typeof runCommand>[2]} options
 */
export function runTool(packageName, tool, args, options) {
  const folder = join(ROOT, 'node_modules', packageName)
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return runCommand(process.execPath, [join(folder, typeof bin === 'string' ? bin : bin[tool]), ...args], options)
}

/**
 * Run npm: the one that runs us, if there is one.
 *
 * @param {readonly string[]} args
 * @param {Parameters<typeof runCommand>[2]} options
 */
export function runNpm(args, options) {
  const npm = process.env['npm_execpath']
  return npm?.endsWith('.js') ? runCommand(process.execPath, [npm, ...args], options) : runCommand('npm', args, options)
}

/**
 * The full path of an executable.
 *
 * @param {string} name a path, or a name to look for in PATH
 * @returns {string | undefined}
 */
export function findExecutable(name) {
  const folders = isAbsolute(name) ? [''] : (process.env['PATH'] ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/**
 * Signals are ours only while a command runs, so that a server that is started afterwards gets them undisturbed.
 *
 * @param {import('node:child_process').ChildProcess} child
 */
function track(child) {
  if (running.size === 0) process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate)
  running.add(child)
}

/** @param {import('node:child_process').ChildProcess} child */
function untrack(child) {
  running.delete(child)
  if (running.size === 0) process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate)
}

/**
 * @param {NodeJS.Signals} signal
 * @param {number} exitCode
 */
function endAll(signal, exitCode) {
  for (const child of running) endGroup(child, signal)
  process.exit(exitCode)
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function endGroup(child, signal) {
  if (child.pid === undefined) return
  try {
    process.kill(OWN_GROUP ? -child.pid : child.pid, signal)
  } catch {
    // It ended by itself meanwhile.
  }
}

/** Print one line about what is going on. @param {string} text */
export function say(text) {
  process.stdout.write(`hepscope: ${text}\n`)
}
