import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'

/** Replace a file that only its owner may read; after a crash it holds the old text or the new, never a part. */
export function writeFileAtomic(path: string, text: string): void {
  const temporary = `${path}.tmp`
  const file = openSync(temporary, 'w', 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temporary, path)
}
