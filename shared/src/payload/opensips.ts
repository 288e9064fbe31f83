import { payloadText, present } from './json.ts'
import { parseParts, type Part } from './parts.ts'
import { redactSecrets } from './redact.ts'

export const OPEN_SIPS_TYPE = { mi: 87, rest: 88, net: 89, control: 96 } as const

/** What OpenSIPS traces of itself. In HOMER5 mode parts are joined without names: there is only `text`. */
export type OpenSipsView = OpenSipsMiView | OpenSipsRestView | OpenSipsNetView | OpenSipsControlView

/** A management command or its reply. */
export interface OpenSipsMiView {
  readonly kind: 'opensips-mi'
  readonly command?: string
  readonly backend?: string
  /** Joined by commas. */
  readonly parameters?: string
  readonly reply?: string
  readonly text: string
}

/** An HTTP request that the script made, or its answer. */
export interface OpenSipsRestView {
  readonly kind: 'opensips-rest'
  readonly firstLine?: string
  readonly body?: string
  readonly text: string
}

/** Something that happened to a connection. */
export interface OpenSipsNetView {
  readonly kind: 'opensips-net'
  readonly protocol?: string
  /** ACCEPTED, CONNECT_START, CONNECTED, CLOSED or STATS. */
  readonly event?: string
  /** SUCCESS or FAILURE. */
  readonly status?: string
  readonly message?: string
  /** Subjects and issuers of certificates, by OpenSIPS' names such as `client-subject`. */
  readonly certificates: readonly Part[]
  readonly text: string
}

/** What `correlate()` of a script says. */
export interface OpenSipsControlView {
  readonly kind: 'opensips-control'
  /** Ids that belong together, by their types. Usually they are in chunk 0x0065 and there is no payload. */
  readonly ids: readonly Part[]
}

/** @returns undefined if the type is none of OpenSIPS'. Secrets are replaced, see `redactSecrets`. */
export function viewOpenSips(protocolType: number, bytes: Uint8Array): OpenSipsView | undefined {
  const clean = redactSecrets(protocolType, bytes)
  const parts = parseParts(clean)
  const part = (name: string) => parts?.find(([key]) => key.toLowerCase() === name)?.[1]
  const text = payloadText(clean)
  switch (protocolType) {
    case OPEN_SIPS_TYPE.mi:
      return present<OpenSipsMiView>({
        kind: 'opensips-mi',
        command: part('command'),
        backend: part('backend'),
        parameters: part('parameters'),
        reply: part('reply'),
        text,
      })
    case OPEN_SIPS_TYPE.rest:
      return present<OpenSipsRestView>({
        kind: 'opensips-rest',
        firstLine: part('first_line'),
        body: part('payload'),
        text,
      })
    case OPEN_SIPS_TYPE.net:
      return present<OpenSipsNetView>({
        kind: 'opensips-net',
        protocol: part('protocol'),
        event: part('event'),
        status: part('status'),
        message: part('message'),
        certificates: parts?.filter(([name]) => /-(?:subject|issuer)$/.test(name)) ?? [],
        text,
      })
    case OPEN_SIPS_TYPE.control:
      return { kind: 'opensips-control', ids: parts ?? [] }
    default:
      return undefined
  }
}
