import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureBrowser } from './setup/browser.mjs'
import { ensureBuilds } from './setup/builds.mjs'
import { ROOT, runCommand, say } from './setup/command.mjs'
import { requireSupportedNode } from './setup/node-version.mjs'
import { ensurePackages } from './setup/packages.mjs'

const TIMEOUT_MS = 60 * 60_000
/** These take minutes: they run only by name. */
const LONG = new Set(['fuzz', 'cut-links', 'viewers', 'kills', 'questions', 'disk', 'screen'])
const BUNDLES = join(ROOT, '.cache', 'bench')
/** Those that start the built server. */
const OF_SERVER = new Set(['ingest', 'kills', 'disk', 'screen'])
/** Those that have a page open. */
const OF_BROWSER = new Set(['screen'])

requireSupportedNode()
process.exitCode = (await ensurePackages()) ? await runBenchmarks(process.argv.slice(2)) : 1

/**
 * @param {readonly string[]} args names of benchmarks, all if none is named; what starts with a dash goes to each
 * @returns {Promise<number>} exit code
 */
async function runBenchmarks(args) {
  const known = readdirSync(join(ROOT, 'bench'))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.config.ts'))
    .map((file) => basename(file, '.ts'))
  const named = args.filter((arg) => !arg.startsWith('-'))
  const unknown = named.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    say(`no benchmark ${unknown.join(', ')}; there are: ${known.join(', ')}`)
    return 1
  }
  let exitCode = 0
  for (const name of named.length > 0 ? named : known.filter((bench) => !LONG.has(bench))) {
    if (OF_SERVER.has(name) && !(await ensureBuilds())) return 1
    const browser = OF_BROWSER.has(name) ? await ensureBrowser() : undefined
    if (OF_BROWSER.has(name) && browser === undefined) return 1
    const env = browser === undefined ? {} : { HEPSCOPE_BROWSER: browser }
    const bundle = await bundleBenchmark(name)
    const flags = args.filter((arg) => arg.startsWith('-'))
    const { code } = await runCommand(process.execPath, [bundle, ...flags], { env, show: true, timeoutMs: TIMEOUT_MS })
    if (code !== 0) exitCode = 1
  }
  return exitCode
}

/**
 * Bundle a benchmark as the server is bundled, so that the code measured is the code that runs.
 *
 * @param {string} name
 * @returns {Promise<string>} path of the bundle
 */
async function bundleBenchmark(name) {
  const { build } = await import('vite')
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'warn',
    plugins: [{ name: 'source-location', enforce: 'pre', transform: keepSourceLocation }],
    build: {
      ssr: join('bench', `${name}.ts`),
      target: 'node20',
      outDir: join(BUNDLES, name),
      emptyOutDir: true,
      minify: false,
      rolldownOptions: {
        output: { topLevelVar: false, entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
      },
    },
    // tinybench goes in too: vitest has an older one, and the bundle lies where that would be found.
    ssr: { external: true, noExternal: [/^@hepscope\//, 'tinybench'] },
  })
  return join(BUNDLES, name, `${name}.mjs`)
}

/**
 * A benchmark finds its fixtures beside its source, not beside the bundle.
 *
 * @param {string} code
 * @param {string} file
 */
function keepSourceLocation(code, file) {
  if (!code.includes('import.meta.')) return undefined
  return code
    .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(file).href))
    .replaceAll('import.meta.dirname', JSON.stringify(dirname(file)))
    .replaceAll('import.meta.filename', JSON.stringify(file))
}
