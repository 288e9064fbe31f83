import { closeSync, fchownSync, fsyncSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Replace a file that only its owner may read; after a crash it holds the old text or the new, never a part. */
export function writeFileAtomic(path: string, text: string): void {
  // The command line may write the same file at the same time.
  const temporary = `${path}.${process.pid}.tmp`
  const file = openSync(temporary, 'w', 0o600)
  try {
    // Else a file that root's command line writes could not be read by the server any more.
    if (process.getuid?.() === 0) fchownSync(file, ...ownerOf(dirname(path)))
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temporary, path)
}

function ownerOf(path: string): [uid: number, gid: number] {
  const { uid, gid } = statSync(path)
  return [uid, gid]
}
