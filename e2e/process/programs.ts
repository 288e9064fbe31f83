import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from '@playwright/test'

// Debian puts servers in sbin, which is not in every user's PATH.
const SEARCHED = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin']

/** Path of a program; undefined if there is none of that name. */
export function findProgram(name: string): string | undefined {
  return SEARCHED.map((dir) => join(dir, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/**
 * Path of a program that the running test cannot do without. Where it is missing the test is skipped and says so;
 * a build server, where nobody reads that, fails.
 */
export function needProgram(name: string): string {
  return findProgram(name) ?? isMissing(name)
}

/** The same for a module of Kamailio, which lies in a folder of the machine's architecture. */
export function needKamailioModule(module: string, debianPackage: string): void {
  const isThere = readdirSync('/usr/lib').some((folder) => existsSync(`/usr/lib/${folder}/kamailio/modules/${module}`))
  if (!isThere) isMissing(debianPackage)
}

function isMissing(name: string): never {
  const reason = `${name} is not installed`
  if ((process.env.CI ?? '') !== '') throw new Error(reason)
  test.skip(true, reason)
  throw new Error(reason)
}
