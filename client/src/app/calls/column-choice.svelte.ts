import { type ChosenColumn, MAX_WIDTH_PX, MIN_WIDTH_PX } from './column-layout.ts'
import { type ColumnId, findColumn, USUAL_COLUMNS } from './columns.ts'

const STORAGE_KEY = 'hepscope.columns'

/** Which columns the list has, in which order and how wide, kept in the browser. */
export class ColumnChoice {
  #chosen = $state.raw<readonly ChosenColumn[]>(parseColumns(readStored()) ?? usual())

  get chosen(): readonly ChosenColumn[] {
    return this.#chosen
  }

  /** Nobody has chosen anything. */
  get isUsual(): boolean {
    return this.text === ''
  }

  /** As it is kept, e.g. `state,from:140,to`; `''` for the usual columns. */
  get text(): string {
    const text = formatColumns(this.#chosen)
    return text === USUAL_COLUMNS.join() ? '' : text
  }

  /** Show what an address says, without keeping it. */
  show(text: string): void {
    this.#chosen = parseColumns(text) ?? this.#chosen
  }

  has(id: ColumnId): boolean {
    return this.#chosen.some(({ column }) => column.id === id)
  }

  /** Put a column at the end, or take it out. The last one stays. */
  toggle(id: ColumnId): void {
    const column = findColumn(id)
    if (column === undefined) return
    if (!this.has(id)) this.#keep([...this.#chosen, { column, widthPx: undefined }])
    else if (this.#chosen.length > 1) this.#keep(this.#chosen.filter((chosen) => chosen.column.id !== id))
  }

  /** Move a column by so many places. */
  move(id: ColumnId, places: number): void {
    const from = this.#chosen.findIndex(({ column }) => column.id === id)
    const moved = this.#chosen[from]
    if (moved === undefined) return
    const to = Math.max(0, Math.min(this.#chosen.length - 1, from + places))
    this.#keep(this.#chosen.toSpliced(from, 1).toSpliced(to, 0, moved))
  }

  /** Set a width; undefined lets the column have what it needs. */
  resize(id: ColumnId, widthPx: number | undefined): void {
    const width = widthPx === undefined ? undefined : clampWidth(widthPx)
    this.#keep(this.#chosen.map((chosen) => (chosen.column.id === id ? { ...chosen, widthPx: width } : chosen)))
  }

  /** Back to the usual columns. */
  reset(): void {
    this.#keep(usual())
  }

  #keep(chosen: readonly ChosenColumn[]): void {
    this.#chosen = chosen
    try {
      if (this.isUsual) localStorage.removeItem(STORAGE_KEY)
      else localStorage.setItem(STORAGE_KEY, this.text)
    } catch {
      // Storage may be forbidden; the choice then lasts as long as the page.
    }
  }
}

/** Columns of a text such as `state,from:140`; undefined if none of it makes sense. */
export function parseColumns(text: string): readonly ChosenColumn[] | undefined {
  const found = new Map<ColumnId, ChosenColumn>()
  for (const part of text.split(',')) {
    const [name = '', width] = part.split(':')
    const column = findColumn(name)
    if (column === undefined || found.has(column.id)) continue
    const widthPx = width !== undefined && /^\d{1,4}$/.test(width) ? clampWidth(Number(width)) : undefined
    found.set(column.id, { column, widthPx })
  }
  return found.size === 0 ? undefined : [...found.values()]
}

function formatColumns(chosen: readonly ChosenColumn[]): string {
  return chosen.map(({ column, widthPx }) => (widthPx === undefined ? column.id : `${column.id}:${widthPx}`)).join()
}

function usual(): readonly ChosenColumn[] {
  return parseColumns(USUAL_COLUMNS.join()) ?? []
}

function clampWidth(widthPx: number): number {
  return Math.round(Math.max(MIN_WIDTH_PX, Math.min(MAX_WIDTH_PX, widthPx)))
}

function readStored(): string {
  try {
    return localStorage.getItem(STORAGE_KEY) ?? ''
  } catch {
    return ''
  }
}
