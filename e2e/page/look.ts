import { expect, type Page } from '@playwright/test'

/**
 * See that nothing sticks out of the page, that no text is cut off where there is no way to see the rest, and that there
 * are words.
 */
export async function expectWhole(page: Page, name: string): Promise<void> {
  const found = await page.evaluate(() => {
    const root = document.documentElement
    const cut: string[] = []
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    let words = 0
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const text = node.textContent?.trim() ?? ''
      const owner = node.parentElement
      if (text === '' || owner?.closest('.unseen, [aria-hidden=true], title') !== null) continue
      if (!owner.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue
      words += text.length
      const range = document.createRange()
      range.selectNodeContents(node)
      const box = range.getBoundingClientRect()
      if (box.width === 0) continue
      for (let at: Element | null = owner; at !== null && at !== document.body; at = at.parentElement) {
        const { overflowX, textOverflow } = getComputedStyle(at)
        // It can be scrolled to, or ends with a sign that there is more.
        if (overflowX === 'auto' || overflowX === 'scroll' || textOverflow === 'ellipsis') break
        if (overflowX === 'visible') continue
        const edge = at.getBoundingClientRect()
        if (box.right <= edge.right + 1 && box.left >= edge.left - 1) continue
        cut.push(`"${text.slice(0, 40)}" of <${owner.tagName.toLowerCase()} class="${owner.className}">`)
        break
      }
    }
    return { overflowPx: root.scrollWidth - root.clientWidth, cut, words }
  })
  expect(found.overflowPx, `${name}: the page scrolls sideways`).toBe(0)
  expect(found.cut, `${name}: text that is cut off`).toEqual([])
  expect(found.words, `${name}: a page without words`).toBeGreaterThan(40)
}
