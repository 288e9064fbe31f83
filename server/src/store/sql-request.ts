import { z } from 'zod'

const DEFAULT_LIMIT = 1000
const MAX_LIMIT = 50_000
const MAX_SQL = 20_000

/** Body of `POST /api/v4/query`. */
export const sqlBody = z.strictObject({
  sql: z.string().min(1).max(MAX_SQL).describe('One SELECT over the tables of the store, in DuckDB’s SQL'),
  limit: z.int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT).describe('Rows at most'),
})
