/**
 * The import rules of the workspaces: which folder may import which, type imports included.
 *
 * @type {import('dependency-cruiser').IConfiguration}
 */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle, of types too, means that two files are one thing or that a third is missing.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      comment: 'The import leads nowhere: a wrong path, or a package that is not installed.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^virtual:' },
    },
    {
      name: 'no-orphans',
      comment: 'Nothing imports this file and it imports nothing.',
      severity: 'error',
      from: { orphan: true, path: '/src/', pathNot: '\\.d\\.ts$' },
      to: {},
    },
    {
      name: 'no-vague-names',
      comment: 'Name a file after its idea.',
      severity: 'error',
      from: {},
      to: { path: '/(utils?|helpers?|common|misc)(/|\\.)', pathNot: 'node_modules/' },
    },
    {
      name: 'no-barrels',
      comment: 'Import the file that has it; only the SDK has a list of what it offers.',
      severity: 'error',
      from: {},
      to: {
        path: '/index\\.ts$',
        pathNot: 'node_modules/|^client/src/sdk/index\\.ts$',
      },
    },
    {
      name: 'declared-packages-only',
      comment: 'npm hoists, so a package that another workspace declares would work here by accident.',
      severity: 'error',
      from: { path: '^(shared|server|client)/src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'server-runs-without-dev-packages',
      severity: 'error',
      from: { path: '^server/src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm'], pathNot: '@types/' },
    },

    {
      name: 'source-imports-no-tests',
      severity: 'error',
      from: { path: '^(shared|server|client)/src/' },
      to: { path: '^((shared|server|client)/test|e2e|bench|scripts|fixtures)/' },
    },
    {
      name: 'shared-imports-nothing',
      comment: 'shared runs in Node and in browsers and has no dependency.',
      severity: 'error',
      from: { path: '^shared/src/' },
      to: { pathNot: '^shared/src/' },
    },
    {
      name: 'shared-tests-know-shared-only',
      severity: 'error',
      from: { path: '^shared/test/' },
      to: { path: '^(server|client|e2e|bench)/' },
    },
    {
      name: 'client-imports-shared-only',
      severity: 'error',
      from: { path: '^client/(src|test)/' },
      to: { path: '^(server|e2e|bench)/' },
    },
    {
      name: 'client-runs-in-browsers',
      severity: 'error',
      from: { path: '^client/src/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'server-imports-shared-only',
      severity: 'error',
      from: { path: '^server/(src|test)/' },
      to: { path: '^(client|e2e|bench)/' },
    },

    {
      name: 'server-parts-are-apart',
      comment: 'main/ hands each part the function or interface that it needs.',
      severity: 'error',
      from: { path: '^server/src/(capture|ingest|stream|store|http|coordinator|trace|ws)/' },
      to: { path: '^server/src/(capture|ingest|stream|store|http|coordinator|trace|ws)/', pathNot: '^server/src/$1/' },
    },
    {
      name: 'only-main-and-cli-wire-parts',
      comment: 'Else two parts would meet in a third file.',
      severity: 'error',
      from: {
        path: '^server/src/',
        pathNot: '^server/src/(main/|hepscope\\.ts$|(cli|capture|ingest|stream|store|http|coordinator|trace|ws)/)',
      },
      to: {
        path: '^server/src/(main/|(cli|capture|ingest|stream|store|http|coordinator|trace|ws)/)',
        // The schema of a part's own section stands in the part.
        pathNot: '^server/src/trace/config\\.ts$',
      },
    },
    {
      name: 'server-parts-know-no-main',
      severity: 'error',
      from: { path: '^server/src/(capture|ingest|stream|store|http|coordinator|trace|ws)/' },
      to: { path: '^server/src/(main/|hepscope\\.ts$|cli/)' },
    },

    {
      name: 'sdk-knows-neither-svelte-nor-app',
      comment: 'The SDK is also used on pages that have neither; what it reaches through other files counts.',
      severity: 'error',
      from: { path: '^client/src/sdk/' },
      to: {
        path: '^client/src/(app|elements)/|^client/src/main\\.ts$|\\.svelte(\\.ts)?$|(^|/)node_modules/(svelte|@sveltejs)/',
        reachable: true,
      },
    },
    {
      name: 'ladder-layout-is-pure',
      comment: 'Layout is arithmetic on calls; components and rune classes of the same folder use it.',
      severity: 'error',
      from: { path: '^client/src/app/ladder/.+\\.ts$', pathNot: '\\.svelte\\.ts$' },
      to: {
        path: '.',
        pathNot:
          '^shared/src/|^client/src/app/ladder/(?!.*\\.svelte\\.ts$).+\\.ts$|^client/src/app/palette/key-table\\.ts$',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^((shared|server|client)/dist|e2e/test-results|e2e/playwright-report)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['svelte', 'import', 'types', 'node', 'browser', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.d.ts', '.svelte', '.json'],
    },
  },
}
