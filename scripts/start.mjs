import { fileURLToPath } from 'node:url'
import { ensureBuilds } from './setup/builds.mjs'
import { ROOT } from './setup/command.mjs'
import { requireSupportedNode } from './setup/node-version.mjs'
import { ensurePackages } from './setup/packages.mjs'

const DEFAULT_CONFIG = 'hepscope.yaml'

requireSupportedNode()
process.chdir(ROOT)

if ((await ensurePackages()) && (await ensureBuilds())) {
  const bin = new URL('../server/bin/hepscope.js', import.meta.url)
  const args = process.argv.slice(2)
  const hasConfig = args.some((arg) => arg === '--config' || arg.startsWith('--config='))
  // The server runs in this process, so signals and the exit code need no forwarding.
  process.argv.splice(
    1,
    Infinity,
    fileURLToPath(bin),
    'serve',
    ...(hasConfig ? [] : ['--config', DEFAULT_CONFIG]),
    ...args,
  )
  await import(bin.href)
} else {
  process.exitCode = 1
}
