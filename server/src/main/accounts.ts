import { ApiTokenStore } from '../auth/api-tokens.ts'
import { Credentials } from '../auth/credentials.ts'
import { LoginCounts } from '../auth/login-counts.ts'
import { OidcLogin } from '../auth/oidc.ts'
import { SessionStore } from '../auth/sessions.ts'
import { UserStore } from '../auth/users.ts'
import type { Config } from '../config/schema.ts'

/** Who may use this server, and how they show who they are. */
export interface Accounts {
  readonly users: UserStore
  readonly tokens: ApiTokenStore
  readonly sessions: SessionStore
  readonly credentials: Credentials
  /** Undefined where no OpenID provider is configured. */
  readonly oidc: OidcLogin | undefined
  readonly logins: LoginCounts
  /** Password of an admin that was made just now; to be shown once. */
  readonly generatedPassword: string | undefined
}

/** @throws AccountError if a file of the data directory cannot be read */
export async function openAccounts({ data_dir, admin_password, coordinator }: Config): Promise<Accounts> {
  const { jwt, api_settings: api, oidc } = coordinator
  const users = new UserStore(data_dir)
  const generatedPassword = await users.ensureAdmin(admin_password)
  const tokens = new ApiTokenStore(data_dir)
  const sessions = new SessionStore(data_dir, users, jwt.secret, jwt.expire_hours)
  const credentials = new Credentials(sessions, api.enable_token_access ? tokens : undefined, {
    cookieName: jwt.cookie_name,
    trustedOrigins: jwt.cookie_trusted_origins,
    tokenHeader: api.auth_token_header,
  })
  const oidcOptions = {
    issuer: oidc.issuer,
    clientId: oidc.client_id,
    clientSecret: oidc.client_secret,
    clientAuth: oidc.client_auth,
    redirectUrl: oidc.redirect_url,
    scopes: oidc.scopes,
    usernameClaim: oidc.username_claim,
    login: { claim: oidc.login_claim, values: oidc.login_values },
    admin: { claim: oidc.admin_claim, values: oidc.admin_values },
  }
  return {
    users,
    tokens,
    sessions,
    credentials,
    oidc: oidc.issuer === '' ? undefined : new OidcLogin(oidcOptions, sessions.key),
    logins: new LoginCounts(),
    generatedPassword,
  }
}
