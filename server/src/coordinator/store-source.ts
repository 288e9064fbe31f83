import type { NodeSearchAnswer, NodeSearchOptions } from './node-search.ts'
import { type Question, type RowSource, SourceError } from './question.ts'

/**
 * This server's own store as one of the places that are asked. It limits its own time.
 *
 * @param readsLake it reads what other nodes have sealed, too
 */
export function storeSource(
  name: string,
  readsLake: boolean,
  ask: (question: Question, options: NodeSearchOptions) => Promise<NodeSearchAnswer>,
): RowSource {
  return {
    name,
    isLocal: true,
    isAskedLast: readsLake,
    timeoutMs: Infinity,
    ask: (question, signal) => ({
      pieces: piecesOf((onRows) => ask(question, { signal, onRows })),
      ownName: () => name,
      withheld: () => undefined,
    }),
  }
}

/** The pages of a store as they come; what waits is bounded by the limit of the question. */
async function* piecesOf(
  ask: (onRows: (lines: Buffer) => void) => Promise<NodeSearchAnswer>,
): AsyncGenerator<Uint8Array> {
  const pages: Buffer[] = []
  let wake = (): void => {}
  let answer: NodeSearchAnswer | undefined
  void ask((lines) => {
    pages.push(lines)
    wake()
  }).then((given) => {
    answer = given
    wake()
  })
  for (;;) {
    const page = pages.shift()
    if (page !== undefined) yield page
    else if (answer !== undefined) break
    else await new Promise<void>((resolve) => (wake = resolve))
  }
  if (!answer.ok) throw new SourceError(answer.message)
  yield answer.json
  yield Buffer.from('\n')
}
