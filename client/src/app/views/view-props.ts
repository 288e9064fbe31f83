import type { ServerConfig, User } from '../http/server.ts'

/** What every view is given. */
export interface ViewProps {
  readonly user: User
  /** Undefined if the server did not tell. */
  readonly config: ServerConfig | undefined
}
