const MESSAGES: Readonly<Record<string, string>> = {
  denied: 'The login was called off.',
  stale: 'The login took too long, or began in another browser. Try again.',
  not_allowed: 'You may not use this server. Ask its administrator.',
  name: 'Your user name belongs to somebody else here. Ask the administrator.',
  provider: 'The login provider does not answer as it should. The server’s log says more.',
}

/** What to tell somebody whom the OpenID provider sent back, by the query string of the page; `''` for nothing. */
export function oidcFailureText(search: string): string {
  const why = new URLSearchParams(search).get('oauth_error')
  if (why === null) return ''
  return (Object.hasOwn(MESSAGES, why) ? MESSAGES[why] : undefined) ?? 'The login failed.'
}

/** Address that begins a login at the provider and ends on the view that the hash stands for. */
export function oidcLoginUrl(url: string, hash: string): string {
  return `${url}?${new URLSearchParams({ return_to: `/${hash}` }).toString()}`
}
