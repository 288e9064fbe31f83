import type { Config } from '../config/schema.ts'
import type { RetentionPolicy } from '../store/retention-plan.ts'
import { isTableName, type TableName } from '../store/schema.ts'
import type { StoreOptions } from '../store/store.ts'

/** What the configuration says of the store. */
export function storeOptions({ data_dir, storage }: Config): StoreOptions {
  const { lake } = storage
  return {
    dataDir: data_dir,
    memoryLimit: storage.memory_limit,
    threads: storage.threads,
    sealIntervalMs: storage.seal_interval_sec * 1000,
    sealRows: storage.seal_rows,
    logMaxBytes: storage.log_max_bytes,
    logKeepBytes: storage.log_keep_bytes,
    retention: retentionPolicy(storage),
    extensionDirectory: storage.extension_directory,
    ...(lake.catalog !== '' && {
      lake: {
        catalog: lake.catalog,
        password: lake.password,
        dataPath: lake.data_path,
        s3: {
          endpoint: lake.s3.endpoint,
          region: lake.s3.region,
          keyId: lake.s3.key_id,
          secret: lake.s3.secret,
          urlStyle: lake.s3.url_style,
          useTls: lake.s3.use_tls,
          caFile: lake.s3.ca_file,
        },
      },
    }),
  }
}

function retentionPolicy({ retention, retention_days: days }: Config['storage']): RetentionPolicy {
  const tables: Partial<Record<TableName, { days?: number; maxBytes?: number }>> = {}
  for (const [table, limit] of Object.entries(retention.tables)) {
    if (!isTableName(table)) continue
    tables[table] = {
      ...(limit.days !== undefined && { days: limit.days }),
      ...(limit.max_bytes !== undefined && { maxBytes: limit.max_bytes }),
    }
  }
  return { days: retention.days === 0 ? days : retention.days, maxBytes: retention.max_bytes, tables }
}
