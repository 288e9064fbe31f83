/** Credential of commands that ask a running server, from the environment: `HEPSCOPE_TOKEN`. */
export function tokenOfEnvironment(): string | undefined {
  return process.env.HEPSCOPE_TOKEN
}
