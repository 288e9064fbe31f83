/** Why a user or an API token cannot be added, changed or used; the message is one sentence for people. */
export class AccountError extends Error {
  override readonly name = 'AccountError'
  readonly kind: 'invalid' | 'missing' | 'unreadable'

  constructor(kind: AccountError['kind'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}
