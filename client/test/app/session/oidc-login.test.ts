import { describe, expect, it } from 'vitest'
import { oidcFailureText, oidcLoginUrl } from '../../../src/app/session/oidc-login.ts'

describe('oidcFailureText', () => {
  it.each([
    { name: 'nothing', search: '', text: '' },
    { name: 'other parameters', search: '?a=b', text: '' },
    { name: 'somebody who said no', search: '?oauth_error=denied', text: 'The login was called off.' },
    { name: 'what it does not know', search: '?oauth_error=%3Cb%3E', text: 'The login failed.' },
    { name: 'names of objects', search: '?oauth_error=toString', text: 'The login failed.' },
  ])('says it of $name', ({ search, text }) => {
    expect(oidcFailureText(search)).toBe(text)
  })
})

describe('oidcLoginUrl', () => {
  it('comes back to the view', () => {
    const url = new URL(oidcLoginUrl('/api/v4/auth/oidc/login', '#q=from:alice&show=all'), 'http://host')
    expect(url.pathname).toBe('/api/v4/auth/oidc/login')
    expect(url.searchParams.get('return_to')).toBe('/#q=from:alice&show=all')
  })
})
