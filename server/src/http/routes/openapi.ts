import { z } from 'zod'
import { type DocumentParts, openapiDocument } from '../openapi.ts'
import { RouteTable } from '../route-table.ts'

/** `GET /api/v4/openapi.json`: what all routes take and answer, this one included. */
export function openapiRoutes(parts: DocumentParts): RouteTable {
  const table = new RouteTable()
  let document: object | undefined
  table.add(
    'get',
    '/api/v4/openapi.json',
    {
      summary: 'This document',
      access: 'everybody',
      replies: {
        200: { description: 'OpenAPI 3.1', schema: z.looseObject({ openapi: z.string(), paths: z.looseObject({}) }) },
      },
    },
    (ctx) => {
      document ??= openapiDocument({ ...parts, app: [...parts.app, table] })
      ctx.body = document
    },
  )
  return table
}
