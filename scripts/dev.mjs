import { join } from 'node:path'
import { ensureBuilds } from './setup/builds.mjs'
import { ROOT, runCommand, runTool } from './setup/command.mjs'
import { requireSupportedNode } from './setup/node-version.mjs'
import { ensurePackages } from './setup/packages.mjs'

requireSupportedNode()
// The server needs something to start with before the watching builds have made their first.
if ((await ensurePackages()) && (await ensureBuilds())) {
  const options = { show: true, timeoutMs: Infinity }
  // `node --watch` loses a file that is deleted and made anew, so the old output is written over instead.
  const watch = ['build', '--watch', '--emptyOutDir=false']
  const serve = ['--watch', 'server/bin/hepscope.js', 'serve', '--config', 'hepscope.yaml', ...process.argv.slice(2)]
  await Promise.race([
    runTool('vite', 'vite', watch, { ...options, cwd: join(ROOT, 'client') }),
    runTool('vite', 'vite', watch, { ...options, cwd: join(ROOT, 'server') }),
    runCommand(process.execPath, serve, options),
  ])
  // One of them ended by itself, so the others are of no use.
  process.kill(process.pid, 'SIGTERM')
} else {
  process.exitCode = 1
}
