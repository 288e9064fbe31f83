import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PAGES = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'shared/README.md'],
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

/** Names of a page's headings in links. */
function headings(page: string): string[] {
  return Array.from(readFileSync(join(ROOT, page), 'utf8').matchAll(/^#+ (.*)$/gm), ([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^a-z0-9 _-]/g, '')
      .replaceAll(' ', '-'),
  )
}

describe('pages', () => {
  it.each(PAGES)('%s links only to what is there', (page) => {
    const links = Array.from(
      readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([^)\s]+)\)/g),
      ([, link = '']) => link,
    )
    const broken = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false
      const [path = '', heading] = link.split('#')
      const target = path === '' ? page : join(dirname(page), path)
      if (!existsSync(join(ROOT, target))) return true
      return heading !== undefined && !headings(target).includes(heading)
    })
    expect(broken).toEqual([])
  })
})
