import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { firstLine } from '../database.ts'
import { isRemotePath, type LakeOptions } from './lake-options.ts'

/** Name of the lake in DuckDB. */
export const LAKE = 'lake'
/** Name of its catalog's own tables there, as DuckLake makes it. */
export const METADATA = `__ducklake_metadata_${LAKE}`

const POSTGRES = 'postgres:'
/** A catalog that is out of reach is noticed within seconds; what `storage.lake.catalog` says goes before these. */
const LINK = 'connect_timeout=5 keepalives_idle=5 keepalives_interval=2 keepalives_count=3 tcp_user_timeout=10000'

/**
 * DuckDB waits 30 s for an answer and tries four times: a search would be over by then. Parts of an upload are made
 * small, so that one passes in that time.
 */
const HTTP_SETTINGS = [
  'SET GLOBAL http_timeout = 10',
  'SET GLOBAL http_retries = 1',
  `SET GLOBAL s3_uploader_max_filesize = '50GB'`,
]

/** An extension of DuckDB could not be loaded. */
export class ExtensionError extends Error {
  override readonly name = 'ExtensionError'
}

/** True if the catalog is in PostgreSQL. */
export function isPostgres({ catalog }: LakeOptions): boolean {
  return catalog.startsWith(POSTGRES)
}

/**
 * Load the extensions that a lake needs. DuckDB fetches those that it has not, unless `directory` is set: then they
 * must be there, below `VERSION/PLATFORM` as DuckDB itself puts them.
 *
 * @throws ExtensionError that names the extension and where it was looked for
 */
export async function loadExtensions(
  connection: DuckDBConnection,
  options: LakeOptions,
  directory: string,
): Promise<void> {
  const names = ['ducklake']
  if (isPostgres(options)) names.push('postgres_scanner')
  if (isRemotePath(options.dataPath)) names.push('httpfs')
  for (const name of names) {
    try {
      if (directory === '') await connection.run(`INSTALL ${name}`)
      else await requireFile(connection, directory, name)
      await connection.run(`LOAD ${name}`)
    } catch (error) {
      if (error instanceof ExtensionError) throw error
      throw new ExtensionError(`DuckDB's extension ${name} cannot be loaded: ${firstLine(error)}`, { cause: error })
    }
  }
}

async function requireFile(connection: DuckDBConnection, directory: string, name: string): Promise<void> {
  const reader = await connection.runAndReadAll(
    `SELECT library_version, platform FROM pragma_version(), pragma_platform()`,
  )
  const [[version, platform] = []] = reader.getRows()
  const path = join(directory, String(version), String(platform), `${name}.duckdb_extension`)
  if (!existsSync(path)) throw new ExtensionError(`DuckDB's extension ${name} is not there: ${path}`)
}

/**
 * Make the lake known to DuckDB.
 *
 * @param mode `write`: make it if it is not there
 * @throws DuckDB's error if it cannot be reached
 */
export async function attach(
  connection: DuckDBConnection,
  options: LakeOptions,
  mode: 'read' | 'write' = 'write',
): Promise<void> {
  const { catalog, password, dataPath, s3 } = options
  // Else DuckLake puts a few rows into the catalog, where no file has them, if another store has made their table.
  const clauses = [
    `DATA_PATH ${quoted(dataPath)}`,
    'DATA_INLINING_ROW_LIMIT 0',
    ...(mode === 'read' ? ['READ_ONLY'] : []),
  ]
  if (isPostgres(options) && password !== '') {
    // In a secret, because errors quote the connection string.
    await connection.run(`CREATE OR REPLACE SECRET hepscope_catalog (TYPE postgres, PASSWORD ${quoted(password)})`)
    clauses.push(`META_SECRET 'hepscope_catalog'`)
  }
  if (isRemotePath(dataPath)) {
    const members = [
      'TYPE s3',
      `REGION ${quoted(s3.region)}`,
      `URL_STYLE ${quoted(s3.urlStyle)}`,
      `USE_SSL ${String(s3.useTls)}`,
      ...(s3.endpoint === '' ? [] : [`ENDPOINT ${quoted(s3.endpoint)}`]),
      ...(s3.keyId === '' ? [] : [`KEY_ID ${quoted(s3.keyId)}`, `SECRET ${quoted(s3.secret)}`]),
    ]
    await connection.run(`CREATE OR REPLACE SECRET hepscope_data (${members.join(', ')})`)
    for (const setting of HTTP_SETTINGS) await connection.run(setting)
    if (s3.caFile !== '') await connection.run(`SET GLOBAL ca_cert_file = ${quoted(s3.caFile)}`)
  }
  const place = catalog.replace(/^postgres:(?!postgres(?:ql)?:\/\/)/, `${POSTGRES}${LINK} `)
  // What came after may have failed the last time.
  await connection.run(`ATTACH IF NOT EXISTS ${quoted(`ducklake:${place}`)} AS ${LAKE} (${clauses.join(', ')})`)
}

/** First line of an error, without the connection string and what may stand in it. */
export function lakeFault(error: unknown, { catalog, password, s3 }: LakeOptions): string {
  let line = firstLine(error)
  // DuckDB's own sentence around it says the same twice.
  line = line.replace(/^.*?(Unable to connect to Postgres)/, '$1').replace(/ at "[^"]*"/, '')
  for (const secret of [catalog, password, s3.secret]) if (secret !== '') line = line.replaceAll(secret, '…')
  return line
}

export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
