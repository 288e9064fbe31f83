import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { canUseApt, installDebianPackages } from './apt.mjs'
import { findExecutable, say } from './command.mjs'

const LIBRARIES = '/usr/lib'
const POSTGRES_VERSIONS = '/usr/lib/postgresql'

/**
 * Programs of others that tests run against: what a test calls them, the Debian package, and whether they are there.
 *
 * @type {readonly { name: string, debianPackage: string, isThere: () => boolean }[]}
 */
const PEERS = [
  command('sipp', 'sip-tester'),
  command('kamailio'),
  { name: 'kamailio-tls-modules', debianPackage: 'kamailio-tls-modules', isThere: hasKamailioTls },
  command('rtpengine', 'rtpengine-daemon'),
  command('sngrep'),
  command('tmux'),
  command('openssl'),
  command('tshark'),
  { name: 'postgresql', debianPackage: 'postgresql', isThere: hasPostgres },
]

/**
 * Install the peers that are not there, if we may.
 *
 * @returns {Promise<readonly string[]>} names of those that are missing still; a line about them is then printed
 */
export async function ensurePeers() {
  const absent = absentPeers()
  if (absent.length > 0 && canUseApt()) {
    const packages = absent.map(({ debianPackage }) => debianPackage)
    say(`installing Debian packages for tests: ${packages.join(' ')}…`)
    await installDebianPackages(packages)
  }
  const missing = absentPeers().map(({ name }) => name)
  if (missing.length > 0) say(`tests that need these programs cannot run: ${missing.join(', ')}`)
  return missing
}

function absentPeers() {
  return PEERS.filter(({ isThere }) => !isThere())
}

/**
 * @param {string} name of the executable
 * @param {string} debianPackage
 */
function command(name, debianPackage = name) {
  return { name, debianPackage, isThere: () => findExecutable(name) !== undefined }
}

/** A module of Kamailio is no command; it lies in a folder of the machine's architecture. */
function hasKamailioTls() {
  if (!existsSync(LIBRARIES)) return false
  return readdirSync(LIBRARIES).some((folder) => existsSync(join(LIBRARIES, folder, 'kamailio', 'modules', 'tls.so')))
}

/** Debian keeps a server's own programs out of PATH, one folder for each version. */
function hasPostgres() {
  if (!existsSync(POSTGRES_VERSIONS)) return false
  return readdirSync(POSTGRES_VERSIONS).some((version) => existsSync(join(POSTGRES_VERSIONS, version, 'bin', 'initdb')))
}
