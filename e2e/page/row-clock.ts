import type { Page } from '@playwright/test'

/** When the row of a call came, by the clock of the browser's machine, milliseconds since 1970. */
export interface RowSeen {
  readonly callId: string
  /** It was in the document. */
  readonly inDocumentMs: number
  /** The frame after, so it was drawn at the latest by then. */
  readonly drawnMs: number
}

/** Note in the page when rows of calls come whose Call-ID begins so. */
export async function watchRows(page: Page, prefix: string): Promise<() => Promise<readonly RowSeen[]>> {
  const seen = await page.evaluateHandle((wanted) => {
    const found = new Map<string, { callId: string; inDocumentMs: number; drawnMs: number }>()
    const note = (row: Element): void => {
      const callId = row.getAttribute('data-call-id') ?? ''
      if (!callId.startsWith(wanted) || found.has(callId)) return
      const entry = { callId, inDocumentMs: Date.now(), drawnMs: NaN }
      found.set(callId, entry)
      requestAnimationFrame(() => (entry.drawnMs = Date.now()))
    }
    new MutationObserver((records) => {
      for (const { target, addedNodes } of records) {
        if (target instanceof Element && target.hasAttribute('data-call-id')) note(target)
        for (const node of addedNodes) {
          if (!(node instanceof Element)) continue
          note(node)
          for (const row of node.querySelectorAll('[data-call-id]')) note(row)
        }
      }
    }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-call-id'] })
    return found
  }, prefix)
  return () => seen.evaluate((found) => [...found.values()])
}
