import { createHash } from 'node:crypto'
import { EncryptJWT, errors, jwtDecrypt } from 'jose'
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  discovery,
  fetchUserInfo,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client'
import { z } from 'zod'
import { hasValue, textClaim } from './claims.ts'
import type { ExternalUser } from './users.ts'

export interface OidcOptions {
  readonly issuer: string
  readonly clientId: string
  /** Empty: a public client. */
  readonly clientSecret: string
  readonly clientAuth: 'basic' | 'post'
  /** Where the provider sends the browser back to: our callback as the browser sees it. */
  readonly redirectUrl: string
  readonly scopes: readonly string[]
  /** Claim that names a new user; else `email`, else `sub`. */
  readonly usernameClaim: string
  /** Who may log in: a claim must have one of the values. No values: everybody whom the provider lets in. */
  readonly login: ClaimRule
  /** Who is an admin, asked at each login. No values: that is decided here and not by the provider. */
  readonly admin: ClaimRule
}

export interface ClaimRule {
  readonly claim: string
  readonly values: readonly string[]
}

/** Why a login by way of the provider came to nothing. */
export type OidcFailure =
  /** The provider does not answer, or not as it should. */
  | 'provider'
  /** The person or the provider said no. */
  | 'denied'
  /** The answer belongs to no login that this browser began within ten minutes. */
  | 'stale'
  /** Known to the provider, but not let in here. */
  | 'not_allowed'

export class OidcError extends Error {
  override readonly name = 'OidcError'
  readonly failure: OidcFailure

  constructor(failure: OidcFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.failure = failure
  }
}

/** How long a login at the provider may take. */
export const LOGIN_SECONDS = 600
const REQUEST_TIMEOUT_SECONDS = 10
/** A provider that did not answer is left alone for so long. */
const RETRY_MS = 3000

const pendingLogin = z.object({ state: z.string(), nonce: z.string(), verifier: z.string(), returnTo: z.string() })

/**
 * Login at an OpenID provider: authorization code flow with PKCE, state and nonce.
 *
 * What belongs to a login under way is kept by the browser, encrypted, so that it survives a restart and a second server.
 */
export class OidcLogin {
  readonly #options: OidcOptions
  readonly #key: Uint8Array
  #discovered: Promise<Configuration> | undefined
  #failedAtMs = -Infinity

  /** @param secret what the key of logins under way is derived from */
  constructor(options: OidcOptions, secret: Uint8Array) {
    this.#options = options
    this.#key = createHash('sha256').update('oidc login ').update(secret).digest()
  }

  /**
   * Begin a login.
   *
   * @param returnTo path of our own to come back to
   * @returns where to send the browser, and what it must bring back
   * @throws OidcError `provider`
   */
  async begin(returnTo: string): Promise<{ readonly url: string; readonly pending: string }> {
    const config = await this.#configuration()
    const login = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier(), returnTo }
    const url = buildAuthorizationUrl(config, {
      redirect_uri: this.#options.redirectUrl,
      scope: this.#options.scopes.join(' '),
      state: login.state,
      nonce: login.nonce,
      code_challenge: await calculatePKCECodeChallenge(login.verifier),
      code_challenge_method: 'S256',
    })
    const pending = await new EncryptJWT(login)
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setExpirationTime(`${LOGIN_SECONDS}s`)
      .encrypt(this.#key)
    return { url: url.href, pending }
  }

  /**
   * Finish a login.
   *
   * @param query query string of the callback, without `?`
   * @param pending what `begin` gave to the browser
   * @throws OidcError
   */
  async finish(
    query: string,
    pending: string | undefined,
  ): Promise<{ readonly user: ExternalUser; readonly returnTo: string }> {
    const { state, nonce, verifier, returnTo } = await this.#open(pending)
    const answer = new URLSearchParams(query)
    if (answer.has('error')) throw new OidcError('denied', `the provider answered ${answer.get('error') ?? ''}`)
    const config = await this.#configuration()
    const claims = await this.#claims(config, query, { state, nonce, verifier })
    const { login, admin, usernameClaim, issuer } = this.#options
    const subject = textClaim(claims, 'sub')
    if (login.values.length > 0 && !hasValue(claims, login.claim, login.values)) {
      throw new OidcError('not_allowed', `claim "${login.claim}" of ${subject} has none of the wanted values`)
    }
    const email = textClaim(claims, 'email')
    const user: ExternalUser = {
      subject: `${issuer} ${subject}`,
      username: textClaim(claims, usernameClaim) || email || subject,
      admin: admin.values.length > 0 ? hasValue(claims, admin.claim, admin.values) : undefined,
      email,
      name: textClaim(claims, 'name'),
    }
    return { user, returnTo }
  }

  /** Claims of the ID token, and of the userinfo endpoint, where many providers put groups and names. */
  async #claims(
    config: Configuration,
    query: string,
    { state, nonce, verifier }: { state: string; nonce: string; verifier: string },
  ): Promise<Readonly<Record<string, unknown>>> {
    try {
      const url = new URL(this.#options.redirectUrl)
      url.search = query
      const tokens = await authorizationCodeGrant(config, url, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      })
      const claims = tokens.claims() ?? { sub: '' }
      if (config.serverMetadata().userinfo_endpoint === undefined) return claims
      return { ...(await fetchUserInfo(config, tokens.access_token, claims.sub)), ...claims }
    } catch (error) {
      throw new OidcError('provider', `the provider's answer does not hold: ${causes(error)}`, { cause: error })
    }
  }

  async #open(pending: string | undefined): Promise<z.infer<typeof pendingLogin>> {
    try {
      const { payload } = await jwtDecrypt(pending ?? '', this.#key, {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      })
      return pendingLogin.parse(payload)
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error
      throw new OidcError('stale', 'no login is under way in this browser')
    }
  }

  #configuration(): Promise<Configuration> {
    if (this.#discovered === undefined && Date.now() - this.#failedAtMs < RETRY_MS) {
      return Promise.reject(new OidcError('provider', 'the provider did not answer a moment ago'))
    }
    this.#discovered ??= this.#discover().catch((error: unknown) => {
      this.#discovered = undefined
      this.#failedAtMs = Date.now()
      throw new OidcError('provider', `the provider cannot be asked: ${causes(error)}`, { cause: error })
    })
    return this.#discovered
  }

  #discover(): Promise<Configuration> {
    const { issuer, clientId, clientSecret, clientAuth } = this.#options
    const url = new URL(issuer)
    const byMethod = clientAuth === 'post' ? ClientSecretPost : ClientSecretBasic
    return discovery(url, clientId, undefined, clientSecret === '' ? None() : byMethod(clientSecret), {
      timeout: REQUEST_TIMEOUT_SECONDS,
      // Deprecated only to stand out. The configuration allows http for a provider on this machine alone.
      // eslint-disable-next-line @typescript-eslint/no-deprecated
      execute: url.protocol === 'http:' ? [allowInsecureRequests] : [],
    })
  }
}

/** Message of an error with those of its causes: the library's own says little. */
function causes(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : JSON.stringify(error)
  return error.cause === undefined ? error.message : `${error.message}: ${causes(error.cause)}`
}
