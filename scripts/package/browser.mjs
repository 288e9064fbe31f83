import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { extname, join, normalize } from 'node:path'
import { ensureBrowser } from '../setup/browser.mjs'
import { ROOT } from '../setup/command.mjs'

const PAGE = `<!doctype html><meta charset="utf-8"><title>package</title><script type="importmap">
{ "imports": { "@hepscope/shared/": "/node_modules/@hepscope/shared/" } }
</script>`
const PAGE_TIMEOUT_MS = 15_000

/**
 * Import modules of a folder into a page of a headless browser, by nothing but an import map and a file server.
 *
 * @param {string} folder
 * @param {readonly string[]} files relative to it
 * @returns {Promise<string[][]>} the lines that each printed
 * @throws if there is no browser, or a module fails
 */
export async function runInBrowser(folder, files) {
  const executablePath = await ensureBrowser()
  if (executablePath === undefined) throw new Error('no browser')
  const server = createServer((request, response) => void serve(folder, request.url ?? '/', response))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const address = /** @type {import('node:net').AddressInfo} */ (server.address())
  const { chromium } = createRequire(join(ROOT, 'e2e', 'package.json'))('@playwright/test')
  const browser = await chromium.launch({ executablePath, chromiumSandbox: false })
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(PAGE_TIMEOUT_MS)
    await page.goto(`http://127.0.0.1:${address.port}/`)
    const printed = []
    for (const file of files) printed.push(await page.evaluate(importAndListen, `/${file}`))
    return printed
  } finally {
    await browser.close()
    server.close()
  }
}

/**
 * Runs in the page.
 *
 * @param {string} url
 */
async function importAndListen(url) {
  /** @type {string[]} */
  const lines = []
  console.log = (...values) => void lines.push(values.join(' '))
  await import(url)
  return lines
}

/**
 * @param {string} folder
 * @param {string} url
 * @param {import('node:http').ServerResponse} response
 */
async function serve(folder, url, response) {
  if (url === '/') {
    response.setHeader('content-type', 'text/html').end(PAGE)
    return
  }
  try {
    const bytes = await readFile(join(folder, normalize(new URL(url, 'http://localhost').pathname)))
    response.setHeader('content-type', /^\.m?js$/.test(extname(url)) ? 'text/javascript' : 'text/plain').end(bytes)
  } catch {
    // Whatever is not there, the icon of the page among them.
    response.writeHead(404).end()
  }
}
