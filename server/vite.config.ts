import { defineConfig } from 'vite'

export default defineConfig({
  // A worker is an entry of its own: it is started by path, not imported.
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'dist',
    emptyOutDir: true,
    sourcemap: true,
    minify: false,
    rolldownOptions: {
      input: {
        hepscope: 'src/hepscope.ts',
        'hep-client': 'src/trace/hep-client.ts',
        'store-worker': 'src/store/worker-entry.ts',
        'ingest-thread': 'src/ingest/thread-entry.ts',
        'descriptor-courier': 'src/ingest/courier-entry.ts',
      },
      output: {
        format: 'es',
        // V8 compiles the value of a top-level const into hot code, but not that of a var, which is Vite's default:
        // appending a packet takes a third longer with it.
        topLevelVar: false,
        // Nor does it for what comes from another file, so the codec is one: split as it falls, appending takes half
        // as long again.
        codeSplitting: { groups: [{ name: 'codec', test: /shared\/src\/(bytes|hep|sip|event|net|payload)\// }] },
        entryFileNames: '[name].js',
        // Beside the entries, so that a path relative to `import.meta.url` is right wherever the code ends up.
        chunkFileNames: '[name]-[hash].js',
      },
    },
  },
  // shared is TypeScript source, so it goes into the bundle; what npm installs stays outside.
  ssr: { external: true, noExternal: ['@hepscope/shared'] },
})
