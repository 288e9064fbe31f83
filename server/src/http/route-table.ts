import Router from '@koa/router'
import type { z } from 'zod'
import type { AppMiddleware, AppRouter, RequestState } from './context.ts'
import { requireAdmin } from './guards.ts'

/** Who may use a route. */
export type Access = 'everybody' | 'users' | 'admins' | 'coordinators'
export type Method = 'get' | 'post' | 'patch' | 'delete'

/** A successful answer. */
export interface Reply {
  readonly description: string
  /** Absent: no body, or one that is no JSON. */
  readonly schema?: z.ZodType
  /** Where the body is no JSON. */
  readonly contentType?: string
}

/** What the API's document says of a route. Access is also what the route enforces. */
export interface Operation {
  readonly summary: string
  readonly access: Access
  /** Members of the path, with what each is. */
  readonly parameters?: Readonly<Record<string, string>>
  /** Parameters of the query string. */
  readonly query?: z.ZodObject
  /** JSON body. */
  readonly body?: z.ZodType
  /** Media types of a body that is no JSON. */
  readonly fileTypes?: readonly string[]
  readonly replies: Readonly<Record<number, Reply>>
  /** Statuses of errors beyond those that access and body bring about. */
  readonly errors?: readonly number[]
}

export interface Route {
  readonly method: Method
  /** As koa's router writes it, e.g. `/api/v4/users/:id`. */
  readonly path: string
  readonly operation: Operation
}

/** The routes of one subject. There is no way to add one without saying who may use it and what it does. */
export class RouteTable {
  readonly router: AppRouter = new Router<RequestState>()
  readonly #routes: Route[] = []
  readonly #login: AppMiddleware | undefined

  /** @param login what lets users or coordinators in; undefined where everything is for everybody */
  constructor(login?: AppMiddleware) {
    this.#login = login
  }

  get routes(): readonly Route[] {
    return this.#routes
  }

  add(method: Method, path: string, operation: Operation, handler: AppMiddleware): void {
    this.#routes.push({ method, path, operation })
    this.router[method](path, ...this.#guards(operation.access), handler)
  }

  #guards(access: Access): AppMiddleware[] {
    if (access === 'everybody') return []
    if (this.#login === undefined) throw new Error('a route that is not for everybody in a table without login')
    return access === 'admins' ? [this.#login, requireAdmin] : [this.#login]
  }
}
