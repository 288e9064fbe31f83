import { findExecutable, runCommand } from './command.mjs'

const APT_TIMEOUT_MS = 5 * 60_000
const ENV = { DEBIAN_FRONTEND: 'noninteractive' }

/** Whether this is a Debian kind of system on which we may install. */
export function canUseApt() {
  return process.getuid?.() === 0 && findExecutable('apt-get') !== undefined
}

/**
 * Install Debian packages, each by itself: one that a system does not have must not keep the others out. The package
 * lists are fetched only if something cannot be installed without.
 *
 * @param {readonly string[]} packages
 */
export async function installDebianPackages(packages) {
  if (!canUseApt()) return
  const failed = await installEach(packages)
  if (failed.length > 0 && (await apt(['update']))) await installEach(failed)
}

/**
 * @param {readonly string[]} packages
 * @returns {Promise<readonly string[]>} those that were not installed
 */
async function installEach(packages) {
  const failed = []
  for (const name of packages) {
    if (!(await apt(['install', '--yes', '--no-install-recommends', name]))) failed.push(name)
  }
  return failed
}

/** @param {readonly string[]} args */
async function apt(args) {
  const { code } = await runCommand('apt-get', args, { timeoutMs: APT_TIMEOUT_MS, env: ENV })
  return code === 0
}
