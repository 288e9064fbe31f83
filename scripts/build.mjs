import { ensureBuilds } from './setup/builds.mjs'
import { requireSupportedNode } from './setup/node-version.mjs'
import { ensurePackages } from './setup/packages.mjs'

requireSupportedNode()
if (!(await ensurePackages()) || !(await ensureBuilds({ force: true }))) process.exitCode = 1
