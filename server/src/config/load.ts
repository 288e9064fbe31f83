import { readFileSync } from 'node:fs'
import { parseDocument, parse as parseYaml } from 'yaml'
import { type Config, configSchema } from './schema.ts'

/** Prefix of every key in the environment: `HEPSCOPE_` + the path in capitals with `_`. */
const ENV_PREFIX = 'HEPSCOPE_'
/** Variables with the prefix that are no config keys: of test and build scripts, and of commands that ask a server. */
const FOREIGN_ENV: ReadonlySet<string> = new Set(['HEPSCOPE_BROWSER', 'HEPSCOPE_URL', 'HEPSCOPE_TOKEN'])

/** Everything that is wrong with a configuration, one line a fault. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly faults: readonly string[]

  constructor(source: string, faults: readonly string[]) {
    super(`${source}: ${faults.length} fault(s)\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
    this.faults = faults
  }
}

type Tree = Record<string, unknown>

/**
 * Read the configuration: defaults, then the file, then the environment.
 *
 * @param file path of a YAML file; undefined for none
 * @throws ConfigError that names every fault, unknown keys included
 */
export function loadConfig(file: string | undefined, env: NodeJS.ProcessEnv = process.env): Config {
  const tree = file === undefined ? {} : readTree(file)
  const faults = applyEnv(tree, env)
  const result = configSchema.safeParse(tree)
  if (!result.success) {
    for (const issue of result.error.issues) faults.push(...faultLines(issue))
  }
  if (faults.length > 0 || !result.success) throw new ConfigError(file ?? 'environment', faults)
  return result.data
}

function readTree(file: string): Tree {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError(file, [`cannot be read: ${error instanceof Error ? error.message : String(error)}`])
  }
  const document = parseDocument(text)
  if (document.errors.length > 0) {
    throw new ConfigError(
      file,
      document.errors.map((error) => error.message.split('\n')[0] ?? error.message),
    )
  }
  const tree: unknown = document.toJS()
  if (tree === null || tree === undefined) return {}
  if (!isTree(tree)) throw new ConfigError(file, ['must be a map of keys'])
  return tree
}

/** Set the keys that the environment names; returns a fault for each variable that is no key. */
function applyEnv(tree: Tree, env: NodeJS.ProcessEnv): string[] {
  const faults: string[] = []
  const paths = new Map(configPaths().map((path) => [ENV_PREFIX + path.join('_').toUpperCase(), path]))
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(ENV_PREFIX) || FOREIGN_ENV.has(name) || value === undefined) continue
    const path = paths.get(name)
    const item = path === undefined ? itemPath(paths, name) : undefined
    if (path !== undefined) setPath(tree, path, envValue(path, value))
    else if (item !== undefined) setItem(tree, item, value)
    else faults.push(`${name}: no such key in the environment`)
  }
  return faults
}

/** Where a variable such as `HEPSCOPE_TRACE_RELAY_0_TO` points to: a member of an object in a list. */
interface ItemPath {
  readonly list: readonly string[]
  readonly index: number
  readonly member: string
}

function itemPath(paths: ReadonlyMap<string, readonly string[]>, name: string): ItemPath | undefined {
  const parts = /^(.+?)_(\d{1,3})_([A-Z][A-Z_]*)$/.exec(name)
  const list = paths.get(parts?.[1] ?? '')
  if (parts === null || list === undefined) return undefined
  return { list, index: Number(parts[2]), member: (parts[3] ?? '').toLowerCase() }
}

function setItem(tree: Tree, { list, index, member }: ItemPath, text: string): void {
  const present = list.reduce<unknown>((at, key) => (isTree(at) ? at[key] : undefined), tree)
  const items: unknown[] = Array.isArray(present) ? [...(present as unknown[])] : []
  while (items.length <= index) items.push({})
  const item = items[index]
  items[index] = { ...(isTree(item) ? item : {}), [member]: parseYaml(text) as unknown }
  setPath(tree, list, items)
}

/** Paths of all keys that hold a value, read off the defaults. */
function configPaths(): string[][] {
  const leaves = (value: unknown, path: string[]): string[][] =>
    isTree(value) ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key])) : [path]
  return leaves(configSchema.parse({}), [])
}

/** Lists are comma-separated; numbers and booleans as YAML writes them; where text is wanted it is not read as either. */
function envValue(path: readonly string[], text: string): unknown {
  const initial = path.reduce<unknown>((tree, key) => (isTree(tree) ? tree[key] : undefined), configSchema.parse({}))
  if (typeof initial === 'string') return text
  if (!Array.isArray(initial)) return parseYaml(text) as unknown
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function setPath(tree: Tree, path: readonly string[], value: unknown): void {
  let at = tree
  for (const key of path.slice(0, -1)) {
    const inner = at[key]
    const next = isTree(inner) ? inner : {}
    at[key] = next
    at = next
  }
  at[path.at(-1) ?? ''] = value
}

function faultLines(issue: { code: string; path: PropertyKey[]; message: string }): string[] {
  const path = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys' && 'keys' in issue && Array.isArray(issue.keys)) {
    return issue.keys.map((key) => `${path === '' ? '' : `${path}.`}${String(key)}: no such key`)
  }
  return [`${path === '' ? 'configuration' : path}: ${issue.message}`]
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
