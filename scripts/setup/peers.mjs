import { canUseApt, installDebianPackages } from './apt.mjs'
import { findExecutable, say } from './command.mjs'

/** Programs of others that tests run against: their command and the Debian package that has it. */
const PEERS = [
  { command: 'sipp', debianPackage: 'sip-tester' },
  { command: 'kamailio', debianPackage: 'kamailio' },
  { command: 'sngrep', debianPackage: 'sngrep' },
]

/**
 * Install the peers that are not there, if we may.
 *
 * @returns {Promise<readonly string[]>} commands of those that are missing still; a line about them is then printed
 */
export async function ensurePeers() {
  const absent = absentPeers()
  if (absent.length > 0 && canUseApt()) {
    const packages = absent.map(({ debianPackage }) => debianPackage)
    say(`installing Debian packages for tests: ${packages.join(' ')}…`)
    await installDebianPackages(packages)
  }
  const missing = absentPeers().map(({ command }) => command)
  if (missing.length > 0) say(`tests that need these programs cannot run: ${missing.join(', ')}`)
  return missing
}

function absentPeers() {
  return PEERS.filter(({ command }) => findExecutable(command) === undefined)
}
