import type { LadderView } from './ladder-view.ts'

const MAX_STEPS = 50

/** The part of a view that is worth taking back: what is where, and what is folded. */
type Arrangement = Pick<
  LadderView,
  'laneBy' | 'merges' | 'hidden' | 'pinned' | 'order' | 'hasSplitLegs' | 'fold' | 'toggled' | 'copies'
>

/** Remembers how lanes and folds were, the latest 50 times. */
export class ViewHistory {
  #steps: Arrangement[] = []

  /** `before` was replaced by `after`; changes of colour, time and the like do not count. */
  note(before: LadderView, after: LadderView): void {
    const step = arrangementOf(before)
    if (isSame(step, arrangementOf(after))) return
    this.#steps = [...this.#steps, step].slice(-MAX_STEPS)
  }

  /** The view with its lanes and folds as they were before the last change; the same view if there was none. */
  undo(view: LadderView): LadderView {
    const step = this.#steps.pop()
    return step === undefined ? view : { ...view, ...step }
  }
}

function arrangementOf(view: LadderView): Arrangement {
  const { laneBy, merges, hidden, pinned, order, hasSplitLegs, fold, toggled, copies } = view
  return { laneBy, merges, hidden, pinned, order, hasSplitLegs, fold, toggled, copies }
}

/** Lists are replaced when they change, so it is enough to compare them as they are. */
function isSame(a: Arrangement, b: Arrangement): boolean {
  return (Object.keys(a) as (keyof Arrangement)[]).every((name) => a[name] === b[name])
}
