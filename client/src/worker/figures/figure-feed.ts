import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { CallBook } from '../call-book.ts'
import type { CallRecord } from '../call-record.ts'
import type { FigureUpdate } from '../protocol.ts'
import { FigureWatch, type FigureWindow } from './figure-watch.ts'
import { PeerWatch } from './peer-watch.ts'
import { RateWatch } from './rate-watch.ts'

const UPDATE_MS = 1000
/** Peers that are shown. */
const PEERS = 24

/** Figures, rates and peers for the page, once a second and only while it shows them. */
export class FigureFeed {
  readonly #book: CallBook
  readonly #figures = new FigureWatch()
  readonly #rates = new RateWatch()
  readonly #peers = new PeerWatch()
  #minutes: FigureWindow | undefined
  #updatedMs = 0

  constructor(book: CallBook) {
    this.#book = book
  }

  /** @param minutes undefined: the page shows no figures */
  watch(minutes: FigureWindow | undefined): void {
    this.#minutes = minutes
    this.#updatedMs = 0
  }

  noteBlock(block: EventBlock, fromRow: number): void {
    this.#rates.note(block, fromRow)
  }

  /** After an event of the call. */
  noteCall({ call }: CallRecord, sealedUs: number): void {
    this.#peers.note(call, Math.floor(sealedUs / 1_000_000))
  }

  /** A call is forgotten; not one that became a part of another. */
  noteRemoved({ call }: CallRecord): void {
    this.#figures.noteRemoved(call)
  }

  /**
   * @param nowUs clock of the capture
   * @param wallMs clock of the page
   */
  update(nowUs: number, wallMs: number, missing: number): FigureUpdate | undefined {
    if (this.#minutes === undefined || wallMs - this.#updatedMs < UPDATE_MS) return undefined
    this.#updatedMs = wallMs
    const second = Math.floor(nowUs / 1_000_000)
    return {
      minutes: this.#minutes,
      figures: this.#figures.figures(callsOf(this.#book), nowUs, this.#minutes),
      rates: this.#rates.series(second),
      peers: this.#peers.rows(second, PEERS),
      missing,
    }
  }
}

function* callsOf(book: CallBook): Generator<CallRecord['call']> {
  for (const { call } of book.records()) yield call
}
