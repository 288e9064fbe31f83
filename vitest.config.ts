import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

const limits = {
  environment: 'node',
  pool: 'forks',
  // A test that hangs ends; how long the others take is not theirs to judge, on a machine that does other work too.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  teardownTimeout: 10_000,
} as const

export default defineConfig({
  test: {
    globalSetup: 'scripts/setup/vitest-temp-folder.mjs',
    // All cores: unless told, one is left idle.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          ...limits,
          name: 'node',
          include: ['{server,scripts}/test/**/*.test.ts'],
        },
      },
      {
        // Nothing but functions of what they are given: a process for each file would take longer than the tests.
        test: { ...limits, name: 'shared', isolate: false, include: ['shared/test/**/*.test.ts'] },
      },
      {
        // Runes must react as they do in a browser; in Node, Svelte would be compiled for rendering on a server.
        plugins: [
          svelte({ configFile: 'client/svelte.config.js', dynamicCompileOptions: () => ({ generate: 'client' }) }),
        ],
        ssr: { resolve: { conditions: ['module', 'browser', 'development|production'] }, noExternal: ['svelte'] },
        test: { ...limits, name: 'client', isolate: false, include: ['client/test/**/*.test.ts'] },
      },
    ],
  },
})
