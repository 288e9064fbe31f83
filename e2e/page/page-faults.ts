import type { Page } from '@playwright/test'

/** Collects what a page reports as an error: exceptions, and errors on the console. */
export class PageFaults {
  readonly #seen: string[] = []
  readonly #expected: RegExp[] = []

  constructor(page: Page) {
    page.on('pageerror', (error) => this.#seen.push(`exception: ${error.stack ?? error.message}`))
    page.on('console', (message) => {
      if (message.type() === 'error') this.#seen.push(`console: ${message.text()} (${message.location().url})`)
    })
    page.on('crash', () => this.#seen.push('the page crashed'))
  }

  /** Errors like this one belong to the test: browsers report each refused request on the console. */
  expect(pattern: RegExp): void {
    this.#expected.push(pattern)
  }

  unexpected(): readonly string[] {
    return this.#seen.filter((text) => !this.#expected.some((pattern) => pattern.test(text)))
  }
}
