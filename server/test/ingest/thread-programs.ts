import { rmSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'vite'
import type { ThreadPrograms } from '../../src/ingest/reception.ts'

/** Bundles of the threads' programs, for threads load no TypeScript. */
export interface BuiltPrograms extends ThreadPrograms {
  remove(): void
}

export async function buildThreadPrograms(): Promise<BuiltPrograms> {
  const outDir = fileURLToPath(new URL(`../../.cache/ingest-threads-${process.pid}/`, import.meta.url))
  await build({
    configFile: false,
    logLevel: 'error',
    root: fileURLToPath(new URL('../..', import.meta.url)),
    build: {
      ssr: true,
      outDir,
      emptyOutDir: true,
      minify: false,
      rolldownOptions: {
        input: { 'ingest-thread': 'src/ingest/thread-entry.ts', 'descriptor-courier': 'src/ingest/courier-entry.ts' },
        output: { entryFileNames: '[name].js' },
      },
    },
    ssr: { external: true, noExternal: ['@hepscope/shared'] },
  })
  return {
    thread: pathToFileURL(`${outDir}ingest-thread.js`),
    courier: pathToFileURL(`${outDir}descriptor-courier.js`),
    remove: () => rmSync(outDir, { recursive: true, force: true }),
  }
}
