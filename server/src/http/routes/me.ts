import { z } from 'zod'
import type { Session } from '../../auth/sessions.ts'
import type { UserStore } from '../../auth/users.ts'
import type { Logger } from '../../log.ts'
import { readBody } from '../body.ts'
import { type AppMiddleware, sessionOf } from '../context.ts'
import { answer, envelope } from '../envelope.ts'
import { AppError } from '../error.ts'
import { RouteTable } from '../route-table.ts'
import { ownFields } from '../user-fields.ts'

const profileReply = envelope(
  z.object({
    guid: z.string(),
    username: z.string(),
    display_name: z.string(),
    email: z.string(),
    admin: z.boolean(),
    group: z.enum(['admin', 'user']),
    external_auth: z.boolean(),
    expires_at: z.number().optional().describe('Seconds since 1970; absent: never'),
  }),
)
const replies = { 200: { description: 'The profile', schema: profileReply } }

/** `/api/v4/me`: who am I, and what I may change of myself. */
export function meRoutes(login: AppMiddleware, users: UserStore, log: Logger): RouteTable {
  const table = new RouteTable(login)
  table.add('get', '/api/v4/me', { summary: 'Who the credential stands for', access: 'users', replies }, (ctx) => {
    answer(ctx, 200, profile(sessionOf(ctx), users))
  })
  table.add(
    'patch',
    '/api/v4/me',
    {
      summary: 'Change the own password, e-mail or name; a new password ends all own sessions, this one too',
      access: 'users',
      body: ownFields,
      replies,
    },
    async (ctx) => {
      const session = sessionOf(ctx)
      if (session.kind === 'token') throw new AppError('forbidden', 'An API token has no profile to change')
      const change = readBody(ctx, ownFields)
      await users.change(session.username, change)
      log.info({ username: session.username, fields: Object.keys(change) }, 'own profile changed')
      answer(ctx, 200, profile(session, users))
    },
  )
  return table
}

function profile(
  { kind, username, admin, jti, expiresAt }: Session,
  users: UserStore,
): z.infer<typeof profileReply>['data'] {
  const user = kind === 'login' ? users.find(username) : undefined
  return {
    guid: kind === 'login' ? username : jti,
    username,
    display_name: user?.name || username,
    email: user?.email ?? '',
    admin,
    group: admin ? 'admin' : 'user',
    external_auth: user?.isExternal === true,
    ...(expiresAt !== undefined && { expires_at: expiresAt }),
  }
}
