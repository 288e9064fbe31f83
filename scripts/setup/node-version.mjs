// Loaded before anything else, so it keeps to syntax that an old Node can read.

/**
 * Whether Vite, and so our build, runs on this Node.
 *
 * @param {string} version as `process.versions.node` has it, e.g. `20.19.0`
 */
export function isSupportedNode(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major === 20) return minor >= 19
  if (major === 22) return minor >= 12
  return major > 22
}

/** End the process with one clear line if this Node is too old. */
export function requireSupportedNode() {
  if (isSupportedNode(process.versions.node)) return
  process.stderr.write(`hepscope: needs Node 20.19 or 22.12 or newer; this is ${process.versions.node}\n`)
  process.exit(1)
}
