import { runChecks } from './check-steps.mjs'
import { requireSupportedNode } from './setup/node-version.mjs'
import { ensurePackages } from './setup/packages.mjs'

requireSupportedNode()
if (!(await ensurePackages()) || (await runChecks()).failed > 0) process.exitCode = 1
