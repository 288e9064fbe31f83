type Claims = Readonly<Record<string, unknown>>

/** A claim that is text; `''` if it is none. */
export function textClaim(claims: Claims, name: string): string {
  const value = claimOf(claims, name)
  return typeof value === 'string' ? value : ''
}

/** True if a claim, or one entry of a claim that is a list, is one of the values. */
export function hasValue(claims: Claims, name: string, values: readonly string[]): boolean {
  const claim = claimOf(claims, name)
  return [claim].flat().some((one) => (typeof one === 'string' || one === true) && values.includes(String(one)))
}

/** A claim by its name, which may have dots, or by the path to a member such as `realm_access.roles`. */
function claimOf(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name]
  return name
    .split('.')
    .reduce<unknown>((at, key) => (isClaims(at) && Object.hasOwn(at, key) ? at[key] : undefined), claims)
}

function isClaims(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
