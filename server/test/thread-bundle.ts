import { rmSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'vite'

/** Programs of threads as JavaScript: threads load no TypeScript. */
export interface ThreadBundle {
  /** URL of a program by its name; of one that is not there, too. */
  url(name: string): URL
  remove(): void
}

/** @param programs source files, relative to the server's folder, by name */
export async function buildThreadBundle(programs: Readonly<Record<string, string>>): Promise<ThreadBundle> {
  const folder = Object.keys(programs).join('-')
  const outDir = fileURLToPath(new URL(`../.cache/${folder}-${process.pid}/`, import.meta.url))
  await build({
    configFile: false,
    logLevel: 'error',
    root: fileURLToPath(new URL('..', import.meta.url)),
    build: {
      ssr: true,
      outDir,
      emptyOutDir: true,
      minify: false,
      rolldownOptions: { input: programs, output: { entryFileNames: '[name].js' } },
    },
    ssr: { external: true, noExternal: ['@hepscope/shared'] },
  })
  return {
    url: (name) => pathToFileURL(`${outDir}${name}.js`),
    remove: () => rmSync(outDir, { recursive: true, force: true }),
  }
}
