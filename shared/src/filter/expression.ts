import { parseNetwork } from '../net/network.ts'

/**
 * The filter expression that analysts type, e.g. `method:INVITE and not ip:10.0.9.0/24`.
 *
 *     expression = term *( "or" term )
 *     term       = factor *( [ "and" ] factor )        ; side by side means and
 *     factor     = ( "not" | "-" | "!" ) factor | "(" expression ")" | condition
 *     condition  = field ( ":" | "=" ) value | value    ; ":" finds a part, "=" the whole; a bare value searches the usual places
 *     value      = word | DQUOTE text DQUOTE            ; "*" stands for any text
 */
export type Expression<C = Condition> =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Expression<C>[] }
  | { readonly kind: 'not'; readonly part: Expression<C> }
  | C

/** One field and what it must be. */
export interface Condition {
  readonly kind: 'condition'
  readonly field: Field
  readonly value: string
  /** The text of the field must be the value, and not just hold it. */
  readonly whole: boolean
  readonly at: number
}

export const FIELDS = [
  'method',
  'code',
  'from',
  'to',
  'user',
  'callid',
  'ip',
  'src',
  'dst',
  'port',
  'proto',
  'agent',
  'node',
  'epoch',
  'seq',
  'ua',
  'text',
] as const
export type Field = (typeof FIELDS)[number]

/** Where an expression is wrong: `at` is an offset into the text, in UTF-16 units. */
export interface ExpressionFault {
  readonly ok: false
  readonly at: number
  readonly message: string
}
export type ParsedExpression<C = Condition> =
  { readonly ok: true; readonly expression: Expression<C> } | ExpressionFault

/** Fields of whole calls: see `call-expression.ts`. Single messages do not have them. */
export const CALL_FIELDS = ['is', 'state', 'kind'] as const
export type CallField = (typeof CALL_FIELDS)[number]

/** Longest text, and deepest nesting, that is read at all. */
const MAX_LENGTH = 2000
const MAX_DEPTH = 32

/** A piece of the text. */
export interface Token {
  readonly kind: 'word' | 'text' | 'open' | 'close' | 'not' | 'end'
  readonly text: string
  readonly at: number
}

/** Thrown by what reads a condition, and caught by `parseWith`. */
export class SyntaxFault extends Error {
  readonly at: number

  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

/**
 * Parse an expression. An empty one has no meaning here: the caller decides that it matches everything.
 *
 * @returns the expression, or the first fault with its position; never throws
 */
export function parseExpression(text: string): ParsedExpression {
  return parseWith(text, wordCondition)
}

/**
 * Parse an expression whose words mean what `read` makes of them; see `parseExpression`.
 *
 * @param read may throw a `SyntaxFault`
 */
export function parseWith<C>(text: string, read: (token: Token) => C | Condition): ParsedExpression<C | Condition> {
  try {
    if (text.length > MAX_LENGTH) throw new SyntaxFault(MAX_LENGTH, `longer than ${MAX_LENGTH} characters`)
    const parser = new Parser<C | Condition>(tokens(text), read)
    return { ok: true, expression: parser.whole() }
  } catch (fault) {
    if (!(fault instanceof SyntaxFault)) throw fault
    return { ok: false, at: fault.at, message: fault.message }
  }
}

function tokens(text: string): Token[] {
  const found: Token[] = []
  let at = 0
  while (at < text.length) {
    const start = at
    const char = text.charAt(at)
    if (/\s/.test(char)) {
      at++
    } else if (char === '(' || char === ')') {
      at++
      found.push({ kind: char === '(' ? 'open' : 'close', text: char, at: start })
    } else if (char === '!' || (char === '-' && /[^\s)]/.test(text.charAt(at + 1)))) {
      at++
      found.push({ kind: 'not', text: char, at: start })
    } else {
      const word = readWord(text, at)
      at = word.end
      found.push({ kind: word.isQuoted ? 'text' : 'word', text: word.text, at: start })
    }
  }
  found.push({ kind: 'end', text: '', at: text.length })
  return found
}

/** A word, whose quoted parts may hold spaces and parentheses: `from:"Alice B"` is one. */
function readWord(text: string, from: number): { text: string; end: number; isQuoted: boolean } {
  let out = ''
  let at = from
  while (at < text.length && !/[\s()]/.test(text.charAt(at))) {
    if (text.charAt(at) !== '"') {
      out += text.charAt(at++)
      continue
    }
    const close = text.indexOf('"', at + 1)
    if (close < 0) throw new SyntaxFault(at, 'the quote is not closed')
    out += text.slice(at + 1, close)
    at = close + 1
  }
  return { text: out, end: at, isQuoted: text.charAt(from) === '"' }
}

class Parser<C> {
  readonly #tokens: readonly Token[]
  readonly #read: (token: Token) => C | Condition
  #next = 0

  constructor(all: readonly Token[], read: (token: Token) => C | Condition) {
    this.#tokens = all
    this.#read = read
  }

  whole(): Expression<C | Condition> {
    const expression = this.#or(0)
    const rest = this.#peek()
    if (rest.kind === 'close') throw new SyntaxFault(rest.at, 'no "(" before this ")"')
    return expression
  }

  #or(depth: number): Expression<C | Condition> {
    const parts = [this.#and(depth)]
    while (this.#isWord('or')) {
      this.#next++
      parts.push(this.#and(depth))
    }
    return joined('or', parts)
  }

  #and(depth: number): Expression<C | Condition> {
    const parts = [this.#factor(depth)]
    for (;;) {
      if (this.#isWord('and')) this.#next++
      else if (this.#isWord('or') || this.#peek().kind === 'close' || this.#peek().kind === 'end') break
      parts.push(this.#factor(depth))
    }
    return joined('and', parts)
  }

  #factor(depth: number): Expression<C | Condition> {
    const token = this.#peek()
    if (depth > MAX_DEPTH) throw new SyntaxFault(token.at, `nested deeper than ${MAX_DEPTH}`)
    this.#next++
    if (token.kind === 'not' || (token.kind === 'word' && token.text.toLowerCase() === 'not')) {
      return { kind: 'not', part: this.#factor(depth + 1) }
    }
    if (token.kind === 'open') {
      const inner = this.#or(depth + 1)
      if (this.#peek().kind !== 'close') throw new SyntaxFault(token.at, 'this "(" is not closed')
      this.#next++
      return inner
    }
    if (token.kind === 'end') throw new SyntaxFault(token.at, 'a condition is missing here')
    if (token.kind === 'close') throw new SyntaxFault(token.at, 'a condition is missing before ")"')
    if (this.#isOperator(token)) throw new SyntaxFault(token.at, `a condition is missing before "${token.text}"`)
    return token.kind === 'text' ? condition('text', token.text, token.at) : this.#read(token)
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', at: 0 }
  }

  #isWord(word: string): boolean {
    const token = this.#peek()
    return token.kind === 'word' && token.text.toLowerCase() === word
  }

  #isOperator(token: Token): boolean {
    return token.kind === 'word' && ['and', 'or'].includes(token.text.toLowerCase())
  }
}

function joined<C>(kind: 'and' | 'or', parts: readonly Expression<C>[]): Expression<C> {
  const [first] = parts
  return parts.length === 1 && first !== undefined ? first : { kind, parts }
}

/** A word as a condition on single messages. */
export function wordCondition(token: Token): Condition {
  const sign = token.text.search(/[:=]/)
  if (sign < 0) return condition('text', token.text, token.at)
  const whole = token.text.charAt(sign) === '='
  const name = token.text.slice(0, sign).toLowerCase()
  const field = FIELDS.find((known) => known === name)
  if (field === undefined) {
    // An address with port, an IPv6 address, a Call-ID or a parameter may hold these signs; only a plain word before a
    // colon looks like a field.
    if (CALL_FIELDS.some((known) => known === name)) {
      throw new SyntaxFault(token.at, `"${name}" is about whole calls, and here single messages are looked at`)
    }
    const isPlain = /^[a-z_]+$/.test(name) && name !== 'sip' && name !== 'sips' && name !== 'tel' && !isHex(name)
    if (!whole && isPlain) throw new SyntaxFault(token.at, `no field "${name}"; there are ${FIELDS.join(', ')}`)
    return condition('text', token.text, token.at)
  }
  const value = token.text.slice(sign + 1)
  const valueAt = token.at + sign + 1
  if (value === '') throw new SyntaxFault(valueAt, `"${token.text.slice(0, sign + 1)}" has no value`)
  const fault = faultOfValue(field, value)
  if (fault !== undefined) throw new SyntaxFault(valueAt, fault)
  return condition(field, value, token.at, whole)
}

function isHex(name: string): boolean {
  return /^[0-9a-f]{1,4}$/.test(name)
}

function condition(field: Field, value: string, at: number, whole = false): Condition {
  return { kind: 'condition', field, value, whole, at }
}

/** Why a field cannot have this value; undefined if it can. */
export function faultOfValue(field: Field, value: string): string | undefined {
  switch (field) {
    case 'code':
      return /^[1-6]([0-9]{2}|xx)$/i.test(value) ? undefined : `"${value}" is no status code; use 486 or 4xx`
    case 'port':
      return isNumberTo(value, 0xffff) ? undefined : `"${value}" is no port (0 to 65535)`
    case 'proto':
      return isNumberTo(value, 255) ? undefined : `"${value}" is no HEP protocol type (0 to 255)`
    case 'epoch':
    case 'seq':
      return isNumberTo(value, Number.MAX_SAFE_INTEGER) ? undefined : `"${value}" is no number that an event has`
    case 'ip':
    case 'src':
    case 'dst':
      return parseNetwork(value) !== undefined ? undefined : `"${value}" is no IP address or network such as 10.0.0.0/8`
    default:
      return undefined
  }
}

function isNumberTo(text: string, most: number): boolean {
  return /^\d{1,16}$/.test(text) && Number(text) <= most
}
