interface Setup {
  ensureDuckdbExtensions(): Promise<string>
}

/** Directory of the extensions of DuckDB that a lake needs. @throws if they cannot be had */
export async function extensionDirectory(): Promise<string> {
  const url = new URL('../../../../scripts/setup/duckdb-extensions.mjs', import.meta.url)
  const setup = (await import(url.href)) as Setup
  return setup.ensureDuckdbExtensions()
}
