import { Live } from '../calls/live.svelte.ts'
import type { AppContext } from '../context.ts'
import type { ViewProps } from './view-props.ts'

/** The live calls of this login: one connection and one memory, whichever view asks for them first. */
export function liveOf({ kept, router, faults }: AppContext, props: () => ViewProps): Live {
  return kept.get(Live, () => {
    const { config, user } = props()
    const worker = new Worker(new URL('../../worker/live.worker.ts', import.meta.url), { type: 'module' })
    const made = new Live({ view: 'live', router, worker, onFault: (message) => faults.add(message) })
    made.start(config, user)
    return made
  })
}
