import { isAbsolute } from 'node:path'
import { z } from 'zod'

const isCatalog = (text: string): boolean => text === '' || text.startsWith('postgres:') || isAbsolute(text)
const isEndpoint = (text: string): boolean => !text.includes('/')
const isDataPath = (text: string): boolean => text === '' || text.startsWith('s3://') || isAbsolute(text)

/** Section `storage.lake`: where rows are sealed to, if not to files of this machine. */
export const lakeSchema = z
  .strictObject({
    /** Empty: there is no lake. */
    catalog: z
      .string()
      .refine(isCatalog, 'must be postgres: and its key=value pairs, or the absolute path of a DuckDB file')
      .default(''),
    /** Of the PostgreSQL user; empty: none is sent, or what `~/.pgpass` says. */
    password: z.string().default(''),
    /** Every node and every coordinator must have it under this name. */
    data_path: z.string().refine(isDataPath, 'must be an absolute path or s3://bucket/prefix').default(''),
    s3: z
      .strictObject({
        /** `host[:port]`; empty: Amazon's. */
        endpoint: z.string().refine(isEndpoint, 'must be host[:port]; use_tls says how it is spoken to').default(''),
        region: z.string().default('us-east-1'),
        key_id: z.string().default(''),
        secret: z.string().default(''),
        url_style: z.enum(['vhost', 'path']).default('vhost'),
        use_tls: z.boolean().default(true),
        /** Empty: the system's certificates. */
        ca_file: z.string().default(''),
      })
      .prefault({}),
  })
  .refine(({ catalog, data_path }) => (catalog === '') === (data_path === ''), 'needs both catalog and data_path')
