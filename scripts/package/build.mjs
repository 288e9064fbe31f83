import { copyFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, runTool } from '../setup/command.mjs'

const BUILD_TIMEOUT_MS = 2 * 60_000
const SOURCE = join(ROOT, 'shared')

/** Where the package is built: `npm publish shared/dist` publishes it. */
export const PACKAGE = join(SOURCE, 'dist')

/**
 * Build `@hepscope/shared` for those outside of this repository, who need JavaScript. Inside, it is TypeScript that
 * everyone's own bundler compiles, so the two need different `exports`: the package has a package.json of its own.
 *
 * @returns {Promise<string | undefined>} what the compiler said, if it failed
 */
export async function buildPackage() {
  rmSync(PACKAGE, { recursive: true, force: true })
  const args = ['--project', join(SOURCE, 'tsconfig.build.json')]
  const { code, output } = await runTool('typescript', 'tsc', args, { timeoutMs: BUILD_TIMEOUT_MS })
  if (code !== 0) return output

  const { name, version, type, description, license } = JSON.parse(readFileSync(join(SOURCE, 'package.json'), 'utf8'))
  const manifest = {
    name,
    version,
    description,
    license,
    type,
    keywords: ['hep', 'eep', 'homer', 'sip', 'rtcp', 'sipcapture', 'voip'],
    sideEffects: false,
    exports: { './*.js': { types: './*.d.ts', default: './*.js' }, './package.json': './package.json' },
    files: ['**/*.js', '**/*.d.ts'],
  }
  writeFileSync(join(PACKAGE, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  copyFileSync(join(SOURCE, 'README.md'), join(PACKAGE, 'README.md'))
  copyFileSync(join(ROOT, 'LICENSE'), join(PACKAGE, 'LICENSE'))
  return undefined
}

/** The modules of the built package, e.g. `hep/decode.js`. */
export function packageModules() {
  return readdirSync(PACKAGE, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.js'))
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
}
