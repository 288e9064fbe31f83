/** A lake, and how to reach it. */
export interface LakeOptions {
  /**
   * Where its catalog is: `postgres:` and libpq's `key=value` pairs, or the path of a DuckDB file, which only one
   * process can use.
   */
  readonly catalog: string
  /** Of the user in `catalog`; `''`: none, or what libpq finds itself. */
  readonly password: string
  /** Directory, or `s3://bucket/prefix`, that every node and coordinator sees under this name. */
  readonly dataPath: string
  /** How to reach an S3-compatible store; without a `keyId`, nobody in particular asks. */
  readonly s3: S3Options
}

export interface S3Options {
  /** `host:port`; `''`: Amazon's. */
  readonly endpoint: string
  readonly region: string
  readonly keyId: string
  readonly secret: string
  /** `path`: bucket behind the host, as most stores but Amazon's want it. */
  readonly urlStyle: 'vhost' | 'path'
  readonly useTls: boolean
  /** File with the certificates that the store's is signed by; `''`: those of the system. */
  readonly caFile: string
}

/** True for a place that only DuckDB's `httpfs` reads. */
export function isRemotePath(path: string): boolean {
  return /^[a-z0-9]+:\/\//i.test(path)
}
