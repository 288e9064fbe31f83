import { resolve } from 'node:path'
import { ConfigError, loadConfig } from '../config/load.ts'
import { DataDirError, lockDataDir, lockHolder } from '../main/data-dir-lock.ts'
import { storeOptions } from '../main/store-options.ts'
import { type CheckedLake, LakeCheckError } from '../store/check/check-lake.ts'
import { checkStorage, isStorage, StorageCheckError, type StorageReport } from '../store/check/storage-check.ts'
import { parseOptions, UsageError } from './arguments.ts'
import type { Command } from './command.ts'

const help = `hepscope storage check [options]

Hold all that is stored against each other: every sealed file is read to its last value and
compared with its manifest, every block of the log with its checksum, and nothing may be
stored twice or belong to nothing. Logins and other files are left alone. Of a lake it says
which files are not there, and which segments of the log are in it; it changes nothing there.

  --repair            repair what can be repaired without losing a row that can be read, and
                      say what was done; no server may run on the directory
  --data-dir DIR      the directory (default: data_dir of the configuration)
  --config FILE       YAML configuration
  --json              the report as JSON
  --help              this text

Without --repair nothing is changed, and a server may run; what it may just be at, such as
the newest segment of the log, is not looked at then.

Exit code 0: no damage, or all of it repaired. 1: there is damage that is not repaired.
2: wrong arguments. 3: it could not be checked. A "note" is no damage: nothing is lost, and
the next start of a server deals with it.
`

const COULD_NOT = 3

/** Looks after a data directory. */
export const storageCommand: Command = {
  help,
  async run(args) {
    const { values, positionals } = parseOptions({
      args,
      allowPositionals: true,
      options: {
        repair: { type: 'boolean', default: false },
        'data-dir': { type: 'string' },
        config: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    })
    if (positionals.length !== 1 || positionals[0] !== 'check') throw new UsageError('the first word must be check')
    try {
      const config = loadConfig(values.config)
      const dataDir = resolve(values['data-dir'] ?? config.data_dir)
      const { lake: options, extensionDirectory = '' } = storeOptions(config)
      const lake = options === undefined ? undefined : { options, extensionDirectory }
      const report = await (values.repair ? repairStorage(dataDir, lake) : lookAtStorage(dataDir, lake))
      const text = values.json ? JSON.stringify(report, undefined, 2) : describe(dataDir, report, values.repair)
      process.stdout.write(`${text}\n`)
      return report.findings.some(isOpen) ? 1 : 0
    } catch (error) {
      const isExpected =
        error instanceof ConfigError ||
        error instanceof DataDirError ||
        error instanceof StorageCheckError ||
        error instanceof LakeCheckError
      if (!isExpected && !(error instanceof Error && 'syscall' in error)) throw error
      process.stderr.write(`hepscope: ${error.message}\n`)
      return COULD_NOT
    }
  },
}

async function repairStorage(dataDir: string, lake: CheckedLake | undefined): Promise<StorageReport> {
  const holder = lockHolder(dataDir)
  if (holder !== undefined) {
    throw new DataDirError(`process ${holder} runs on ${dataDir}: stop it, or check without --repair`)
  }
  // Claiming a directory makes it.
  if (!isStorage(dataDir)) throw new StorageCheckError(`nothing is stored in ${dataDir}`)
  const unlock = lockDataDir(dataDir)
  try {
    return await checkStorage({ dataDir, repair: true, isLive: false, lake })
  } finally {
    unlock()
  }
}

function lookAtStorage(dataDir: string, lake: CheckedLake | undefined): Promise<StorageReport> {
  return checkStorage({ dataDir, repair: false, isLive: lockHolder(dataDir) !== undefined, lake })
}

function isOpen({ severity, repaired }: StorageReport['findings'][number]): boolean {
  return severity === 'damage' && repaired === undefined
}

function describe(dataDir: string, { sealed, log, kept, lake, findings }: StorageReport, repair: boolean): string {
  const lines = [
    dataDir,
    `  sealed  ${count(sealed.rows, 'row')} in ${count(sealed.files, 'file')}, ${megabytes(sealed.bytes)}, by ${count(sealed.manifests, 'manifest')}`,
    `  log     ${count(log.rows, 'row')} in ${count(log.blocks, 'block')}, ${megabytes(log.bytes)}, in ${count(log.segments, 'segment')}`,
    `  kept    ${count(kept.rows, 'row')} in ${count(kept.blocks, 'block')}, ${megabytes(kept.bytes)}, in ${count(kept.segments, 'segment')}`,
    ...(lake === undefined
      ? []
      : [
          `  lake    ${count(lake.rows, 'row')} in ${count(lake.files, 'file')}, ${megabytes(lake.bytes)}; their presence and size is looked at, not what is in them`,
        ]),
    ...findings.flatMap(({ severity, path, message, repaired }) => [
      `${severity.padEnd(7)} ${path}: ${message}`,
      ...(repaired === undefined ? [] : [`        repaired: ${repaired}`]),
    ]),
  ]
  const damaged = findings.filter(({ severity }) => severity === 'damage')
  const open = damaged.filter(isOpen).length
  if (damaged.length === 0) lines.push('no damage')
  else if (repair) lines.push(`${damaged.length - open} of ${count(damaged.length, 'damage')} repaired`)
  else lines.push(`${count(damaged.length, 'damage')}; nothing was changed, --repair repairs what can be repaired`)
  return lines.join('\n')
}

function count(number: number, word: string): string {
  return `${number.toLocaleString('en')} ${word}${number === 1 ? '' : 's'}`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
