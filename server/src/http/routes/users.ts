import { z } from 'zod'
import type { User, UserStore } from '../../auth/users.ts'
import type { Logger } from '../../log.ts'
import { readBody } from '../body.ts'
import { type AppContext, type AppMiddleware, sessionOf } from '../context.ts'
import { answer, answerList, envelope, listEnvelope } from '../envelope.ts'
import { AppError } from '../error.ts'
import { RouteTable } from '../route-table.ts'
import { newUserFields, shownUser, userFields } from '../user-fields.ts'

const PATH = '/api/v4/users'
const parameters = { id: '`guid` of the user' }
const idReply = envelope(z.string().describe('`guid` of the user'))

/** `/api/v4/users`: admins keep the users; everybody sees and changes the own record, without rights and `enabled`. */
export function userRoutes(login: AppMiddleware, users: UserStore, log: Logger): RouteTable {
  const table = new RouteTable(login)

  table.add(
    'get',
    PATH,
    {
      summary: 'All users',
      access: 'admins',
      replies: { 200: { description: 'They', schema: listEnvelope(shownUser) } },
    },
    (ctx) => answerList(ctx, users.list.map(show)),
  )

  table.add(
    'post',
    PATH,
    {
      summary: 'Add a user',
      access: 'admins',
      body: newUserFields,
      replies: { 201: { description: 'Added', schema: idReply } },
    },
    async (ctx) => {
      const { user_group, ...fields } = readBody(ctx, newUserFields)
      await users.add({ ...fields, admin: user_group === 'admin' })
      log.info({ by: sessionOf(ctx).username, username: fields.username, group: user_group }, 'user added')
      answer(ctx, 201, fields.username)
    },
  )

  table.add(
    'get',
    `${PATH}/:id`,
    {
      summary: 'One user; others than oneself for admins alone',
      access: 'users',
      parameters,
      replies: { 200: { description: 'The user', schema: envelope(shownUser) } },
      errors: [404],
    },
    (ctx) => {
      const id = wantedUser(ctx)
      const user = users.find(id)
      if (user === undefined) throw new AppError('not_found', `there is no user "${id}"`)
      answer(ctx, 200, show(user))
    },
  )

  table.add(
    'patch',
    `${PATH}/:id`,
    {
      summary: 'Change a user; others than oneself, rights and `enabled` for admins alone',
      access: 'users',
      parameters,
      body: userFields,
      replies: { 200: { description: 'Changed; lost rights and a new password end the sessions', schema: idReply } },
      errors: [404],
    },
    async (ctx) => {
      const id = wantedUser(ctx)
      const { user_group, ...fields } = readBody(ctx, userFields)
      if (!sessionOf(ctx).admin && (user_group !== undefined || fields.enabled !== undefined)) {
        throw new AppError('forbidden', 'Only an admin changes user_group and enabled')
      }
      const admin = user_group === undefined ? undefined : user_group === 'admin'
      await users.change(id, { ...fields, admin })
      const changed = Object.keys(fields)
      log.info({ by: sessionOf(ctx).username, username: id, fields: changed, group: user_group }, 'user changed')
      answer(ctx, 200, id)
    },
  )

  table.add(
    'delete',
    `${PATH}/:id`,
    {
      summary: 'Remove a user; the last admin cannot be removed',
      access: 'admins',
      parameters,
      replies: { 204: { description: 'Removed; the sessions end' } },
      errors: [400, 404],
    },
    (ctx) => {
      const id = wantedUser(ctx)
      users.remove(id)
      log.info({ by: sessionOf(ctx).username, username: id }, 'user removed')
      ctx.status = 204
    },
  )
  return table
}

/** The user of the path, whom only admins and the user itself may ask for. */
function wantedUser(ctx: AppContext): string {
  const { admin, kind, username } = sessionOf(ctx)
  const id = String(ctx.params.id)
  if (!admin && !(kind === 'login' && username === id)) throw new AppError('forbidden', 'Admin rights are needed')
  return id
}

function show({ username, name, email, enabled, admin, isExternal }: User): z.infer<typeof shownUser> {
  return {
    guid: username,
    username,
    name,
    email,
    enabled,
    user_group: admin ? 'admin' : 'user',
    external_auth: isExternal,
  }
}
