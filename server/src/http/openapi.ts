import { z } from 'zod'
import { errorSchema } from './error.ts'
import type { Operation, Route, RouteTable } from './route-table.ts'

export interface DocumentParts {
  readonly version: string
  readonly tokenHeader: string
  readonly cookieName: string
  /** Routes of the app's port. */
  readonly app: readonly RouteTable[]
  /** Routes of the node's port. */
  readonly node: readonly RouteTable[]
  /** `host:port` of the node. */
  readonly nodeAddress: string
}

type Json = Readonly<Record<string, unknown>>

/** The document of the HTTP API in OpenAPI 3.1, made from the routes and the schemas they check with. */
export function openapiDocument({ version, tokenHeader, cookieName, app, node, nodeAddress }: DocumentParts): Json {
  const appRoutes = app.flatMap(({ routes }) => routes)
  const appPaths = new Set(appRoutes.map(({ path }) => path))
  const nodeRoutes = node.flatMap(({ routes }) => routes).filter(({ path }) => !appPaths.has(path))
  const paths: Record<string, Record<string, unknown>> = {}
  const add = ({ method, path, operation }: Route): Record<string, unknown> => {
    const item = (paths[path.replace(/:(\w+)/g, '{$1}')] ??= {})
    item[method] = operationObject(operation)
    return item
  }
  for (const route of appRoutes) add(route)
  for (const route of nodeRoutes) add(route).servers = [{ url: `http://${nodeAddress}`, description: 'the node' }]
  return {
    openapi: '3.1.0',
    info: {
      title: 'hepscope',
      version,
      description: 'Live window on SIP traffic: streams, search, users and operation.',
    },
    paths,
    components: {
      schemas: { Error: jsonSchema(errorSchema, 'output') },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'Token of a login, or an API token' },
        apiToken: { type: 'apiKey', in: 'header', name: tokenHeader, description: 'API token' },
        cookie: {
          type: 'apiKey',
          in: 'cookie',
          name: cookieName,
          description: 'Session of a browser. Other than GET it counts only for pages of this origin or a trusted one.',
        },
        nodeToken: { type: 'http', scheme: 'bearer', description: 'Token of the node, if it has one (node.token)' },
        accessToken: {
          type: 'apiKey',
          in: 'query',
          name: 'access_token',
          description: 'Token of a login, or an API token',
        },
      },
    },
  }
}

function operationObject(operation: Operation): Json {
  const { summary, access, body, fileTypes } = operation
  const responses: Record<string, unknown> = {}
  for (const [status, { description, schema, contentType }] of Object.entries(operation.replies)) {
    const content = schema === undefined ? {} : { schema: jsonSchema(schema, 'output') }
    const type = contentType ?? (schema === undefined ? undefined : 'application/json')
    responses[status] = { description, ...(type !== undefined && { content: { [type]: content } }) }
  }
  for (const status of errorsOf(operation)) {
    responses[status] = {
      description: ERRORS[status] ?? 'Error',
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
    }
  }
  const parameters = parametersOf(operation)
  return {
    summary,
    'x-access': access,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(body, 'input') } } },
    }),
    ...(fileTypes !== undefined && {
      requestBody: { required: true, content: Object.fromEntries(fileTypes.map((type) => [type, {}])) },
    }),
    responses,
    security: securityOf(operation),
  }
}

const ERRORS: Readonly<Record<number, string>> = {
  400: 'Something in the request is wrong; the error names it',
  401: 'No valid credential',
  403: 'Valid, but not allowed',
  404: 'No such resource',
  413: 'The file is too large',
  426: 'A WebSocket is needed',
  429: 'Too many tries; Retry-After says how many seconds to wait',
  503: 'Switched off, full, or not available now',
}

function errorsOf({ access, body, errors = [] }: Operation): number[] {
  const own = new Set(errors)
  if (body !== undefined) own.add(400)
  // 403 also for users: a cookie sent by a page of another origin.
  if (access !== 'everybody') own.add(401).add(403)
  return [...own].sort((a, b) => a - b)
}

function securityOf({ access, query }: Operation): Json[] {
  if (access === 'everybody') return []
  // Without a token a node may let in everybody, or programs of its own machine.
  if (access === 'coordinators') return [{ nodeToken: [] }, {}]
  const schemes = [{ bearer: [] }, { apiToken: [] }, { cookie: [] }]
  return query !== undefined && 'access_token' in query.shape ? [...schemes, { accessToken: [] }] : schemes
}

function parametersOf({ parameters = {}, query }: Operation): Json[] {
  const inPath = Object.entries(parameters).map(([name, description]) => ({
    name,
    in: 'path',
    required: true,
    description,
    schema: { type: 'string' },
  }))
  const inQuery = Object.entries(query?.shape ?? {})
    .filter(([name]) => name !== 'access_token')
    .map(([name, schema]) => {
      const { description, ...rest } = jsonSchema(schema as z.ZodType, 'input')
      return { name, in: 'query', required: false, description, schema: rest }
    })
  return [...inPath, ...inQuery]
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}
