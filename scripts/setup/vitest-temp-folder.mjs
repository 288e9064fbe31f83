import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// Vitest's global set-up: tests write their temporary files into one folder, which is removed when all are over.
const folder = mkdtempSync(join(tmpdir(), 'hepscope-test-'))

export function setup() {
  process.env.TMPDIR = folder
}

export function teardown() {
  rmSync(folder, { recursive: true, force: true })
}
