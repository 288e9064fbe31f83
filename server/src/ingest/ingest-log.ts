/** The part of a pino logger that receiving needs; what threads say comes out of it too. */
export interface IngestLog {
  warn(fields: object, message: string): void
}
