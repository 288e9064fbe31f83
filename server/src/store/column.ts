/** Types of the columns of hot tables that blocks fill. */
export type ColumnType = 'UUID' | 'TIMESTAMP' | 'BIGINT' | 'UINTEGER' | 'VARCHAR' | 'BLOB'

/** Types of stored columns. Those that a `ColumnType` is not are in the table of calls only. */
export type StoredType = ColumnType | 'BOOLEAN' | 'VARCHAR[]' | 'UINTEGER[]'

/** A column of a stored table, as sealed files hold it. */
export interface Column {
  readonly name: string
  readonly type: StoredType
  /** SQL over the columns of the hot table; the column of the same name if absent. */
  readonly fromHot?: string
}
