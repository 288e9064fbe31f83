import type { Hepscope } from './server/hepscope.ts'

/** What the browser tests look at: a server of our own, or one that the environment names. */
export interface Deployment {
  readonly url: string
  readonly username: string
  readonly password: string
  /** Where to send HEP. */
  readonly hep: { readonly host: string; readonly port: number }
  /** The server's process; undefined for a deployment elsewhere, which must not be stopped. */
  readonly own: Hepscope | undefined
}

/** Address of a running deployment to test; empty for a server of our own. */
export const REMOTE_URL = process.env.HEPSCOPE_URL ?? ''

/** A deployment that is a server of our own. */
export function ownDeployment(own: Hepscope): Deployment {
  const { url, username, password, udpPort } = own
  return { url, username, password, hep: { host: '127.0.0.1', port: udpPort }, own }
}

/**
 * The deployment that the environment names.
 *
 * @throws Error if `HEPSCOPE_URL` is set and what belongs to it is not
 */
export function remoteDeployment(): Deployment {
  const url = new URL(REMOTE_URL)
  const password = process.env.HEPSCOPE_ADMIN_PASSWORD ?? ''
  if (password === '') throw new Error('HEPSCOPE_URL is set: HEPSCOPE_ADMIN_PASSWORD has to be as well')
  const hep = new URL(process.env.HEPSCOPE_HEP ?? `udp://${url.hostname}:9060`)
  if (hep.protocol !== 'udp:') throw new Error('HEPSCOPE_HEP has to be udp://HOST:PORT')
  return {
    url: url.origin,
    username: process.env.HEPSCOPE_ADMIN_USERNAME ?? 'admin',
    password,
    hep: { host: hep.hostname.replace(/^\[|\]$/g, ''), port: Number(hep.port) },
    own: undefined,
  }
}
