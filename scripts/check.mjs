import { runChecks } from './check-steps.mjs'
import { requireSupportedNode } from './setup/node-version.mjs'
import { ensurePackages } from './setup/packages.mjs'

requireSupportedNode()
const results = (await ensurePackages()) ? await runChecks() : undefined
if (results?.every(({ outcome }) => outcome === 'passed') !== true) process.exitCode = 1
