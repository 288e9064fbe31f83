import { type AppMiddleware, type AppRouter, newRouter } from '../app.ts'
import { AppError, type FieldFault } from '../error.ts'

/** Answer of a search: a JSON body that is passed on as it is, or what is wrong with the question. */
export type SearchAnswer =
  | { readonly ok: true; readonly json: Buffer }
  | {
      readonly ok: false
      readonly kind: 'invalid' | 'unavailable'
      readonly message: string
      readonly fields?: readonly FieldFault[]
    }

/** The part of a store that the search routes ask. */
export interface SearchSource {
  search(request: unknown): Promise<SearchAnswer>
  messages(request: unknown): Promise<SearchAnswer>
}

/** `POST /api/v4/transactions/search` and `/messages`; without a store each answers 503. */
export function searchRoutes(login: AppMiddleware, store: SearchSource | undefined): AppRouter {
  const router = newRouter()
  const answerWith = (ask: (source: SearchSource, request: unknown) => Promise<SearchAnswer>): AppMiddleware => {
    return async (ctx) => {
      if (store === undefined) throw new AppError('unavailable', 'Storage is switched off (storage.enable)')
      const answer = await ask(store, ctx.request.body)
      if (!answer.ok) {
        throw new AppError(
          answer.kind === 'invalid' ? 'invalid_argument' : 'unavailable',
          answer.message,
          answer.fields,
        )
      }
      ctx.type = 'application/json'
      ctx.body = answer.json
    }
  }
  router.post(
    '/api/v4/transactions/search',
    login,
    answerWith((source, request) => source.search(request)),
  )
  router.post(
    '/api/v4/transactions/messages',
    login,
    answerWith((source, request) => source.messages(request)),
  )
  return router
}
