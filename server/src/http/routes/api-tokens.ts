import { z } from 'zod'
import type { ApiToken, ApiTokenStore } from '../../auth/api-tokens.ts'
import { defaultTokenEnd } from '../../auth/api-tokens.ts'
import type { Logger } from '../../log.ts'
import { readBody } from '../body.ts'
import { type AppMiddleware, sessionOf } from '../context.ts'
import { answer, answerList, envelope, listEnvelope } from '../envelope.ts'
import { AppError } from '../error.ts'
import { RouteTable } from '../route-table.ts'

const PATH = '/api/v4/auth-tokens'
const parameters = { id: '`guid` of the token' }

const name = z.string().min(1).max(128)
const isoTime = z
  .string()
  .max(64)
  .refine((text) => text === 'never' || !Number.isNaN(Date.parse(text)), 'must be an ISO time or "never"')
  .describe('ISO time, or `never`')
const limitCalls = z.int().min(0).describe('Requests that it is good for; 0: any number')

const newToken = z.object({
  name,
  user_group: z.enum(['admin', 'user']).default('user').describe('Rights of the token'),
  expire_date: isoTime.optional().describe('ISO time, or `never`; absent: in a year'),
  limit_calls: limitCalls.default(0),
  active: z.boolean().default(true),
})
const tokenChange = z.object({
  name: name.optional(),
  expire_date: isoTime.optional(),
  limit_calls: limitCalls.optional(),
  active: z.boolean().optional(),
})
const shownToken = z.object({
  guid: z.string(),
  creator_guid: z.string(),
  name: z.string(),
  user_object: z.object({ username: z.string(), user_group: z.enum(['admin', 'user']) }),
  create_date: z.string(),
  lastusage_date: z.string().optional(),
  expire_date: z.string().optional().describe('Absent: never'),
  usage_calls: z.int(),
  limit_calls: z.int(),
  active: z.boolean(),
})

/** `/api/v4/auth-tokens`: admins keep the API tokens. The text of a token is in the answer to its creation alone. */
export function apiTokenRoutes(login: AppMiddleware, tokens: ApiTokenStore, log: Logger): RouteTable {
  const table = new RouteTable(login)

  table.add(
    'get',
    PATH,
    {
      summary: 'All API tokens, without their secrets',
      access: 'admins',
      replies: { 200: { description: 'They', schema: listEnvelope(shownToken) } },
    },
    (ctx) => answerList(ctx, tokens.list.map(show)),
  )

  table.add(
    'post',
    PATH,
    {
      summary: 'Make an API token',
      access: 'admins',
      body: newToken,
      replies: {
        201: {
          description: 'The token; it is shown this once',
          schema: envelope(z.object({ token: z.string(), guid: z.string() })),
        },
      },
    },
    (ctx) => {
      const { name, user_group, expire_date, limit_calls, active } = readBody(ctx, newToken)
      const by = sessionOf(ctx).username
      const expiresAt = expire_date === undefined ? defaultTokenEnd() : endOf(expire_date)
      const { id, text } = tokens.add({
        name,
        admin: user_group === 'admin',
        createdBy: by,
        expiresAt: expiresAt === 'never' ? undefined : expiresAt,
        active,
        limitCalls: limit_calls,
      })
      log.info({ by, token: id, tokenName: name, group: user_group }, 'API token made')
      answer(ctx, 201, { token: text, guid: id })
    },
  )

  table.add(
    'get',
    `${PATH}/:id`,
    {
      summary: 'One API token, without its secret',
      access: 'admins',
      parameters,
      replies: { 200: { description: 'The token', schema: envelope(shownToken) } },
      errors: [404],
    },
    (ctx) => {
      const token = tokens.find(String(ctx.params.id))
      if (token === undefined) throw new AppError('not_found', `there is no token "${String(ctx.params.id)}"`)
      answer(ctx, 200, show(token))
    },
  )

  table.add(
    'patch',
    `${PATH}/:id`,
    {
      summary: 'Change name, end, limit of an API token, or switch it off',
      access: 'admins',
      parameters,
      body: tokenChange,
      replies: { 200: { description: 'Changed', schema: envelope(z.string().describe('`guid` of the token')) } },
      errors: [404],
    },
    (ctx) => {
      const id = String(ctx.params.id)
      const { name, expire_date, limit_calls, active } = readBody(ctx, tokenChange)
      const expiresAt = expire_date === undefined ? undefined : endOf(expire_date)
      tokens.change(id, { name, expiresAt, active, limitCalls: limit_calls })
      log.info({ by: sessionOf(ctx).username, token: id }, 'API token changed')
      answer(ctx, 200, id)
    },
  )

  table.add(
    'delete',
    `${PATH}/:id`,
    {
      summary: 'Remove an API token',
      access: 'admins',
      parameters,
      replies: { 204: { description: 'Removed; its streams are closed within seconds' } },
      errors: [404],
    },
    (ctx) => {
      const id = String(ctx.params.id)
      tokens.remove(id)
      log.info({ by: sessionOf(ctx).username, token: id }, 'API token removed')
      ctx.status = 204
    },
  )
  return table
}

function endOf(text: string): Date | 'never' {
  return text === 'never' ? 'never' : new Date(text)
}

function show(token: ApiToken): z.infer<typeof shownToken> {
  const { id, name, admin, createdBy, createdAt, lastUsedAt, expiresAt, calls, limitCalls, active } = token
  return {
    guid: id,
    creator_guid: createdBy,
    name,
    user_object: { username: name, user_group: admin ? 'admin' : 'user' },
    create_date: createdAt,
    ...(lastUsedAt !== undefined && { lastusage_date: lastUsedAt }),
    ...(expiresAt !== undefined && { expire_date: expiresAt }),
    usage_calls: calls,
    limit_calls: limitCalls,
    active,
  }
}
