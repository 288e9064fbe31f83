import { execFileSync } from 'node:child_process'
import type { Stage } from './stage.ts'

/**
 * A directory on a file system of its own that holds so many megabytes, in memory; gone at the end of the test.
 *
 * @throws if this system does not let us mount one, which takes root on Linux
 */
export function smallDisk(stage: Stage, megabytes: number): string {
  const directory = stage.directory()
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory], { stdio: 'pipe' })
  stage.atEnd(() => execFileSync('umount', ['-l', directory]))
  return directory
}
