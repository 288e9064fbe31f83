import { PassThrough } from 'node:stream'
import type { AppContext } from './context.ts'
import { errorBody } from './error.ts'
import { leaving, refusalOf, type SearchAnswer, type SearchOptions } from './stored-rows.ts'

export const NDJSON = 'application/x-ndjson'

/**
 * Answer with a row a line as they are found, and last `{keys, meta}` or `{error}`. When the client leaves, the search ends.
 *
 * The rows wait in memory for a slow client, as those of a whole answer do; the limit of the request bounds them.
 *
 * @throws AppError if it ends before the first row
 */
export async function answerLines(
  ctx: AppContext,
  ask: (options: SearchOptions) => Promise<SearchAnswer>,
): Promise<void> {
  const lines = new PassThrough()
  const signal = leaving(ctx)
  let asked: Promise<SearchAnswer> | undefined
  // Until the first row an error can still be one of HTTP.
  const early = await new Promise<SearchAnswer | undefined>((resolve) => {
    asked = ask({
      signal,
      onRows: (page) => {
        lines.write(page)
        resolve(undefined)
      },
    })
    void asked.then(resolve)
  })
  if (early?.ok === false) throw refusalOf(early)
  ctx.type = NDJSON
  ctx.body = lines
  void asked?.then((answer) => {
    const end = answer.ok ? answer.json.toString() : JSON.stringify(errorBody(503, answer.message))
    lines.end(`${end}\n`)
  })
}
