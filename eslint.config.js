import js from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import tseslint from 'typescript-eslint'

const TYPED = ['*.ts', '{shared,server,client,e2e,bench,scripts}/**/*.ts', 'client/**/*.svelte']
const SVELTE = ['**/*.svelte', '**/*.svelte.ts']
const TESTS = ['*/test/**/*.ts', 'e2e/**/*.ts']
const CONFIG_FILES = ['*.config.{js,ts}', '*/*.config.{js,ts}', '.dependency-cruiser.cjs']

const STYLE = [
  { selector: 'TSEnumDeclaration', message: 'Use an `as const` object instead of an enum.' },
  {
    selector: ':matches(PropertyDefinition, MethodDefinition, AccessorProperty)[accessibility="private"]',
    message: 'Use a #private member.',
  },
  {
    selector:
      ':matches(ImportDeclaration, ExportNamedDeclaration, ExportAllDeclaration)[source.value=/^\\.{1,2}\\u002F([^?]*\\u002F)?[^.?\\u002F]*(\\?|$)/]',
    message: 'Write the file extension of a relative import, e.g. `./block.ts`.',
  },
]
const NO_DEFAULT_EXPORT = [
  { selector: 'ExportDefaultDeclaration', message: 'Use a named export.' },
  { selector: 'ExportSpecifier[exported.name="default"]', message: 'Use a named export.' },
]

// Both tiers have these, so the type checker lets them pass in `shared`; the code there must not depend on either.
const SHARED_GLOBALS = ['self', 'postMessage', 'fetch', 'process', 'Buffer', 'global', 'location', 'navigator']

export default defineConfig(
  globalIgnores(['**/dist/', '**/node_modules/', '**/.cache/', '**/test-results/', '**/playwright-report/', 'data/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,

  {
    files: TYPED,
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        // Every file gets the same list: a project is loaded once more for each different one.
        extraFileExtensions: ['.svelte'],
      },
    },
    rules: {
      'no-restricted-syntax': ['error', ...STYLE, ...NO_DEFAULT_EXPORT],
      eqeqeq: 'error',
      'max-lines': ['error', { max: 400 }],
      '@typescript-eslint/no-explicit-any': ['error', { fixToUnknown: false }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // Byte loops count by index, often in steps, and are compiled to less than an iterator is.
      '@typescript-eslint/prefer-for-of': 'off',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/restrict-plus-operands': ['error', { allowNumberAndString: true }],
      // An empty string, like 0, means "absent" in many columns of a block.
      '@typescript-eslint/prefer-nullish-coalescing': [
        'error',
        { ignorePrimitives: { string: true, number: true, boolean: true, bigint: true } },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-empty-function': ['error', { allow: ['arrowFunctions'] }],
      // Interfaces ask for a promise where one of the implementations has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
    },
  },

  {
    files: ['shared/src/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-globals': [
        'error',
        ...SHARED_GLOBALS.map((name) => ({ name, message: 'Not the same in Node and browsers.' })),
      ],
    },
  },
  { files: ['client/src/**/*.{ts,svelte}'], rules: { 'no-console': 'error' } },
  {
    files: ['server/src/**/*.ts'],
    ignores: ['server/src/config.ts', 'server/src/config/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only config reads the environment.' },
      ],
    },
  },

  {
    files: SVELTE,
    extends: [svelte.configs.recommended, svelte.configs.prettier],
    languageOptions: {
      globals: globals.browser,
      parserOptions: { parser: tseslint.parser },
    },
    rules: {
      // It also flags a Map that is deliberately held in $state.raw and replaced whole.
      'svelte/prefer-svelte-reactivity': 'off',
      'svelte/no-at-html-tags': 'error',
      'svelte/require-each-key': 'error',
    },
  },
  {
    files: ['**/*.svelte'],
    rules: {
      'no-undef': 'off',
      'no-restricted-syntax': ['error', ...STYLE],
      'prefer-const': 'off',
      'svelte/prefer-const': ['error', { excludedRunes: ['$props', '$derived', '$bindable'], destructuring: 'all' }],
      // The linter's program knows no types of other components; svelte-check does.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },

  {
    files: TESTS,
    rules: {
      'max-lines': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // `expect.any(Number)` is an `any`.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  // A declaration file says what a package does, which may be a default export.
  { files: ['**/*.d.ts'], rules: { 'no-restricted-syntax': ['error', ...STYLE] } },
  { files: ['client/public/**/*.js'], languageOptions: { globals: globals.browser } },
  {
    files: ['scripts/**/*.mjs', 'server/bin/*.js', ...CONFIG_FILES],
    languageOptions: { globals: globals.node },
    rules: { eqeqeq: 'error', 'no-restricted-syntax': ['error', ...NO_DEFAULT_EXPORT] },
  },
  { files: CONFIG_FILES, extends: [tseslint.configs.disableTypeChecked], rules: { 'no-restricted-syntax': 'off' } },
)
