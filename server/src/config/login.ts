import { z } from 'zod'

const ISSUER_FAULT = 'must be an https:// URL without query; http:// is for a provider on this machine alone'

/** Login by way of an OpenID provider; on when `issuer` is set. */
export const oidcSchema = z
  .strictObject({
    issuer: z
      .string()
      .refine((text) => text === '' || isIssuer(text), ISSUER_FAULT)
      .default(''),
    client_id: z.string().default(''),
    /** Empty: a public client, which PKCE alone protects. */
    client_secret: z.string().default(''),
    /** How the client shows its secret to the provider. */
    client_auth: z.enum(['basic', 'post']).default('basic'),
    /** This server's `/api/v4/auth/oidc/callback` as browsers reach it. */
    redirect_url: z.string().default(''),
    scopes: z.array(z.string().min(1)).default(['openid', 'profile', 'email']),
    /** Words on the button of the login page. */
    label: z.string().min(1).default('Single sign-on'),
    username_claim: z.string().min(1).default('preferred_username'),
    /** With values: only who has one of them in the claim is let in. */
    login_claim: z.string().default(''),
    login_values: z.array(z.string()).default([]),
    /** With values: who has one of them in the claim is an admin, nobody else; else rights are given here. */
    admin_claim: z.string().default(''),
    admin_values: z.array(z.string()).default([]),
  })
  .superRefine((oidc, context) => {
    const fault = (key: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [key], message })
    }
    for (const rule of ['login', 'admin'] as const) {
      const hasClaim = oidc[`${rule}_claim`] !== ''
      const hasValues = oidc[`${rule}_values`].length > 0
      if (hasClaim && !hasValues) fault(`${rule}_values`, `is needed beside ${rule}_claim`)
      if (hasValues && !hasClaim) fault(`${rule}_claim`, `is needed beside ${rule}_values`)
    }
    if (oidc.issuer === '') return
    if (oidc.client_id === '') fault('client_id', 'is needed beside issuer')
    if (!/^https?:\/\/[^?#]+\/api\/v4\/auth\/oidc\/callback$/.test(oidc.redirect_url)) {
      fault('redirect_url', 'must be the URL of this server that ends in /api/v4/auth/oidc/callback')
    }
    if (!oidc.scopes.includes('openid')) fault('scopes', 'must have "openid"')
  })

function isIssuer(text: string): boolean {
  const url = URL.parse(text)
  if (url?.search !== '' || url.hash !== '') return false
  return (
    url.protocol === 'https:' ||
    (url.protocol === 'http:' && /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(url.hostname))
  )
}
