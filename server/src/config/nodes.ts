import { hostname } from 'node:os'
import { z } from 'zod'
import { type HostPort, parseHostPort } from './address.ts'

const hostPort = z
  .string()
  .refine((text) => parseHostPort(text) !== undefined, 'must be host:port, e.g. 127.0.0.1:8081')
const nodeName = z.string().min(1).max(255)
/** Sent in a header as it is. */
const token = z.string().regex(/^[\x21-\x7e]*$/, 'must be ASCII without spaces')

/** Section `node`: what this server is to coordinators. */
export const nodeSchema = z.strictObject({
  name: nodeName.default(hostname()),
  listen: hostPort.default('127.0.0.1:8083'),
  /** What a coordinator must show to read `/stream`; empty: everybody may read it, without payloads. */
  token: token.default(''),
  /** Send payloads to who shows the token and asks for them. */
  allow_payload: z.boolean().default(false),
  /** Programs on this machine need no token, and get no payloads. */
  loopback_exempt: z.boolean().default(true),
  /** PEM files; with them the node speaks TLS alone. */
  tls: z
    .strictObject({ cert: z.string().default(''), key: z.string().default('') })
    .refine(({ cert, key }) => (cert === '') === (key === ''), 'needs both cert and key')
    .prefault({}),
})

/** A node that a coordinator listens to. */
const remoteNode = z
  .strictObject({
    name: nodeName,
    url: z
      .string()
      .refine((text) => parseNodeUrl(text) !== undefined, 'must be ws://host:port, or wss:, http:, https:'),
    token: token.min(1).optional(),
    /** PEM file of the authorities to trust instead of the system's. */
    ca: z.string().min(1).optional(),
  })
  .refine(
    ({ url, ca }) => ca === undefined || parseNodeUrl(url)?.protocol !== 'ws:',
    'ca is of no use without TLS: the url must begin with wss: or https:',
  )

export const remoteNodesSchema = z.array(remoteNode)

/**
 * Read the URL of a node's stream.
 *
 * @returns with `ws:` or `wss:`, and the path `/stream` where none was named; undefined if it is none
 */
export function parseNodeUrl(text: string): URL | undefined {
  const url = URL.parse(text.replace(/^http(s?):/i, 'ws$1:'))
  if (url === null || !/^wss?:$/.test(url.protocol) || url.host === '') return undefined
  // What belongs there is in other keys, and the log shows the URL.
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined
  if (url.pathname === '/') url.pathname = '/stream'
  return url
}

interface OwnAddresses {
  readonly node: { readonly name: string; readonly listen: string }
  readonly coordinator: {
    readonly listen: string
    readonly nodes: readonly { readonly name: string; readonly url: string }[]
  }
}

/** What is wrong with the list of nodes as a whole: by index and member, with the reason. */
export function remoteNodeFaults({
  node,
  coordinator,
}: OwnAddresses): { path: (string | number)[]; message: string }[] {
  const own = [node.listen, coordinator.listen].flatMap((text) => parseHostPort(text) ?? [])
  const names = new Map([[node.name, 'this server (node.name)']])
  const urls = new Map<string, string>()
  return coordinator.nodes.flatMap(({ name, url: text }, i) => {
    const faults: { path: (string | number)[]; message: string }[] = []
    const fault = (member: string, message: string) =>
      faults.push({ path: ['coordinator', 'nodes', i, member], message })
    const url = parseNodeUrl(text)
    const namesake = names.get(name)
    if (namesake !== undefined) fault('name', `"${name}" is the name of ${namesake} too`)
    names.set(name, `coordinator.nodes.${i}`)
    if (url === undefined) return faults
    const twin = urls.get(url.href)
    if (twin !== undefined) fault('url', `is the url of ${twin} too`)
    urls.set(url.href, `coordinator.nodes.${i}`)
    if (own.some((address) => leadsTo(url, address))) {
      fault('url', 'is this server itself, whose events are there without a connection')
    }
    return faults
  })
}

function leadsTo(url: URL, { host, port }: HostPort): boolean {
  const urlPort = url.port === '' ? (url.protocol === 'wss:' ? 443 : 80) : Number(url.port)
  const urlHost = url.hostname.replace(/^\[|\]$/g, '')
  if (port === 0 || urlPort !== port) return false
  const isAny = host === '0.0.0.0' || host === '::'
  return (
    urlHost === host ||
    ((isAny || LOOPBACK.test(host)) &&
      LOOPBACK.test(urlHost) &&
      (isAny || host === 'localhost' || urlHost === 'localhost'))
  )
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/
