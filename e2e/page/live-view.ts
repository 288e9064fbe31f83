import { expect, type Locator, type Page } from '@playwright/test'
import type { Deployment } from '../deployment.ts'
import type { PageFaults } from './page-faults.ts'

/** A message of a ladder, as its row reads. */
export interface LadderArrow {
  /** `address:port` of the sender and of the receiver. */
  readonly from: string
  readonly to: string
  readonly label: string
}

/** The app's main screen, by what a person reads on it. */
export class LiveView {
  readonly page: Page
  readonly faults: PageFaults
  /** The call list, which has the keys. */
  readonly list: Locator
  /** Rows of it that are calls. */
  readonly calls: Locator
  readonly filter: Locator
  /** What the page says of its connection: `live`, `waiting`, … */
  readonly connection: Locator
  readonly ladder: Locator
  /** Rows of it that are messages. */
  readonly arrows: Locator
  readonly message: Locator

  constructor(page: Page, faults: PageFaults) {
    this.page = page
    this.faults = faults
    this.list = page.getByRole('grid', { name: 'Calls' })
    this.calls = this.list.locator('[data-call-id]')
    this.filter = page.getByRole('combobox', { name: 'Filter' })
    this.connection = page.locator('[data-connection]')
    this.ladder = page.getByRole('grid', { name: 'Ladder' })
    this.arrows = this.ladder.locator('[data-seq]')
    this.message = page.getByRole('region', { name: 'Message', exact: true })
  }

  /** Give the browser a session, as the login page would. */
  async logIn({ username, password }: Deployment): Promise<void> {
    const response = await this.page.request.post('/api/v4/auth/sessions', { data: { username, password } })
    expect(response.status()).toBe(201)
  }

  /**
   * Open the app and wait until it is connected.
   *
   * @param address what comes behind the host name
   */
  async open(address = '/'): Promise<void> {
    await this.page.goto(address)
    await this.isLive()
  }

  async isLive(timeoutMs = 10_000): Promise<void> {
    await expect(this.connection).toHaveAttribute('data-connection', 'live', { timeout: timeoutMs })
  }

  /** The row of one call. */
  call(callId: string): Locator {
    return this.list.locator(`[data-call-id=${JSON.stringify(callId)}]`)
  }

  /** Rows of the ladder from top to bottom. */
  async ladderRows(): Promise<readonly LadderArrow[]> {
    const rows = await this.arrows.evaluateAll((elements) =>
      elements
        .map((element) => {
          const [parties, label] = element.querySelectorAll('.label > span')
          const [, from = '', to = ''] = /^(\S+) to (\S+):\s*$/.exec(parties?.textContent ?? '') ?? []
          return { index: Number(element.getAttribute('aria-rowindex')), from, to, label: label?.textContent ?? '' }
        })
        .sort((a, b) => a.index - b.index),
    )
    return rows.map(({ from, to, label }) => ({ from, to, label }))
  }
}
