import { runPlaywright } from './e2e-run.mjs'
import { ensureBrowser } from './setup/browser.mjs'
import { ensureBuilds } from './setup/builds.mjs'
import { requireSupportedNode } from './setup/node-version.mjs'
import { ensurePackages } from './setup/packages.mjs'

const TIMEOUT_MS = 60 * 60_000

requireSupportedNode()
// With HEPSCOPE_URL the suite runs against that deployment, so there is nothing to build.
const isRemote = (process.env['HEPSCOPE_URL'] ?? '') !== ''
const isReady = (await ensurePackages()) && (isRemote || (await ensureBuilds()))
const browser = isReady ? await ensureBrowser() : undefined

process.exitCode =
  browser === undefined ? 1 : await runPlaywright(process.argv.slice(2), { browser, timeoutMs: TIMEOUT_MS })
