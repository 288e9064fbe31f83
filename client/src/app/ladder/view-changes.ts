import { DEFAULT_VIEW, type LadderView } from './ladder-view.ts'
import type { Lane } from './row.ts'

/** Draw `from` and `into` as one lane, in the place of `into`. Groups that they have are joined. */
export function mergeLanes(view: LadderView, into: string, from: string): LadderView {
  if (into === from) return view
  const groupOf = (id: string): readonly string[] => view.merges.find((group) => group[0] === id) ?? [id]
  const merged = [...new Set([...groupOf(into), ...groupOf(from)])]
  const others = view.merges.filter((group) => !group.some((id) => merged.includes(id)))
  return { ...view, merges: [...others, merged] }
}

/** Take a merged lane apart again. */
export function splitLane(view: LadderView, id: string): LadderView {
  return { ...view, merges: view.merges.filter((group) => group[0] !== id) }
}

export function hideLane(view: LadderView, id: string): LadderView {
  return view.hidden.includes(id) ? view : { ...view, hidden: [...view.hidden, id] }
}

export function showAllLanes(view: LadderView): LadderView {
  return { ...view, hidden: [] }
}

export function togglePin(view: LadderView, id: string): LadderView {
  const pinned = view.pinned.includes(id) ? view.pinned.filter((one) => one !== id) : [...view.pinned, id]
  return { ...view, pinned }
}

/**
 * Put a lane in another place.
 *
 * @param lanes as they stand now, from left to right
 * @param to index that it is to have
 */
export function moveLane(view: LadderView, lanes: readonly Lane[], id: string, to: number): LadderView {
  const ids = lanes.map((lane) => lane.id)
  const from = ids.indexOf(id)
  const target = Math.max(0, Math.min(ids.length - 1, to))
  if (from < 0 || from === target) return view
  ids.splice(from, 1)
  ids.splice(target, 0, id)
  // Pinned lanes stay left of the others, in an order of their own.
  const pinned = ids.filter((one) => view.pinned.includes(one))
  return { ...view, order: ids, pinned: [...pinned, ...view.pinned.filter((one) => !pinned.includes(one))] }
}

/** Lanes as they came, with nothing merged, hidden or pinned. */
export function resetLanes(view: LadderView): LadderView {
  const { laneBy, merges, hidden, pinned, order, hasSplitLegs } = DEFAULT_VIEW
  return { ...view, laneBy, merges, hidden, pinned, order, hasSplitLegs }
}

/** Another meaning of a lane makes other lanes, so what was said of the old ones goes. */
export function setLaneBy(view: LadderView, laneBy: LadderView['laneBy']): LadderView {
  return laneBy === view.laneBy ? view : { ...resetLanes(view), hasSplitLegs: view.hasSplitLegs, laneBy }
}

/** Lanes of their own for each leg, or not; their names change, so the same holds. */
export function toggleSplitLegs(view: LadderView): LadderView {
  return { ...resetLanes(view), laneBy: view.laneBy, hasSplitLegs: !view.hasSplitLegs }
}

/** The same view of lanes whose ids are others. */
export function renameLanes(view: LadderView, rename: (id: string) => string): LadderView {
  return {
    ...view,
    merges: view.merges.map((group) => group.map(rename)),
    hidden: view.hidden.map(rename),
    pinned: view.pinned.map(rename),
    order: view.order.map(rename),
  }
}

/** Mark a message for comparison, or unmark it; a third one takes the place of the first. */
export function toggleCompare(view: LadderView, key: string): LadderView {
  const compare = view.compare.includes(key)
    ? view.compare.filter((one) => one !== key)
    : [...view.compare.slice(-1), key]
  return { ...view, compare }
}

/** Turn the folding of one transaction around. `keys` are those of all its messages, the first of them first. */
export function toggleFold(view: LadderView, keys: readonly string[]): LadderView {
  const others = view.toggled.filter((key) => !keys.includes(key))
  const [first] = keys
  const wasToggled = others.length < view.toggled.length
  return { ...view, toggled: wasToggled || first === undefined ? others : [...others, first] }
}

/** List the copies of a message, or fold them again. */
export function toggleCopies(view: LadderView, key: string): LadderView {
  const copies = view.copies.includes(key) ? view.copies.filter((one) => one !== key) : [...view.copies, key]
  return { ...view, copies }
}

/** The next way of folding, for all transactions alike. */
export function setFold(view: LadderView, fold: LadderView['fold']): LadderView {
  return { ...view, fold, toggled: [] }
}
