import type { EventBlock } from '../event/block.ts'
import { FLAG, TEXT, type TextColumn } from '../event/columns.ts'
import { isInNetwork, type Network, parseNetwork } from '../net/network.ts'
import type { Condition, Expression } from './expression.ts'
import type { RowPredicate } from './row-predicate.ts'

/** The expression as a predicate over block rows: one event, not one call. */
export function compileExpression(expression: Expression): RowPredicate {
  switch (expression.kind) {
    case 'and': {
      const parts = expression.parts.map(compileExpression)
      return (block, row) => parts.every((part) => part(block, row))
    }
    case 'or': {
      const parts = expression.parts.map(compileExpression)
      return (block, row) => parts.some((part) => part(block, row))
    }
    case 'not': {
      const part = compileExpression(expression.part)
      return (block, row) => !part(block, row)
    }
    case 'condition':
      return compileCondition(expression)
  }
}

function compileCondition({ field, value, whole }: Condition): RowPredicate {
  const mode = whole ? 'whole' : 'part'
  switch (field) {
    case 'method': {
      const matches = textMatcher(value, 'whole')
      return (block, row) => matches(block.methodName(row))
    }
    case 'code':
      return codePredicate(value)
    case 'from':
      return textPredicate(value, [TEXT.fromUser], mode)
    case 'to':
      return textPredicate(value, [TEXT.toUser, TEXT.ruriUser], mode)
    case 'user':
      return textPredicate(value, [TEXT.fromUser, TEXT.toUser, TEXT.ruriUser], mode)
    case 'callid':
      return textPredicate(value, [TEXT.callId, TEXT.correlationId], mode)
    case 'ua':
      return textPredicate(value, [TEXT.userAgent], mode)
    case 'ip':
    case 'src':
    case 'dst':
      return networkPredicate(field, parseNetwork(value))
    case 'port': {
      const port = Number(value)
      return (block, row) => block.srcPort[row] === port || block.dstPort[row] === port
    }
    case 'proto': {
      const proto = Number(value)
      return (block, row) => block.proto[row] === proto
    }
    case 'agent': {
      const matches = textMatcher(value, mode)
      return (block, row) => String(block.agentId[row]) === value || matches(block.text(TEXT.agentName, row))
    }
    case 'node': {
      const matches = textMatcher(value, mode)
      return (block) => matches(block.node)
    }
    case 'epoch': {
      const epoch = Number(value)
      return (block) => block.epoch === epoch
    }
    case 'seq': {
      const seq = Number(value)
      return (block, row) => block.seq(row) === seq
    }
    case 'text':
      return anywherePredicate(value)
  }
}

function codePredicate(value: string): RowPredicate {
  if (/xx$/i.test(value)) {
    const hundreds = Number(value.charAt(0))
    return (block, row) => Math.floor((block.statusCode[row] ?? 0) / 100) === hundreds
  }
  const code = Number(value)
  return (block, row) => block.statusCode[row] === code
}

function textPredicate(value: string, columns: readonly TextColumn[], mode: MatchMode): RowPredicate {
  const matches = textMatcher(value, mode)
  return (block, row) => columns.some((column) => block.hasText(column, row) && matches(block.text(column, row)))
}

function networkPredicate(field: 'ip' | 'src' | 'dst', network: Network | undefined): RowPredicate {
  if (network === undefined) return () => false
  return (block, row) => {
    const flags = block.flags[row] ?? 0
    const length = (flags & FLAG.ipv4) !== 0 ? 4 : (flags & FLAG.ipv6) !== 0 ? 16 : 0
    return (
      (field !== 'dst' && isInNetwork(network, block.srcIpBytes(row), length)) ||
      (field !== 'src' && isInNetwork(network, block.dstIpBytes(row), length))
    )
  }
}

const ANYWHERE: readonly TextColumn[] = [
  TEXT.callId,
  TEXT.fromUser,
  TEXT.toUser,
  TEXT.ruriUser,
  TEXT.fromHost,
  TEXT.toHost,
  TEXT.reason,
  TEXT.correlationId,
  TEXT.agentName,
]

/** A bare word: method, code, users, hosts, Call-ID, reason, agent name, or an address that holds it or that it names. */
function anywherePredicate(value: string): RowPredicate {
  const endpoint = endpointPredicate(value)
  if (endpoint !== undefined) return endpoint
  const network = parseNetwork(value)
  const inNetwork = networkPredicate('ip', network)
  const matches = textMatcher(value, 'part')
  const inText = textPredicate(value, ANYWHERE, 'part')
  const upper = value.toUpperCase()
  return (block: EventBlock, row) =>
    block.methodName(row) === upper ||
    String(block.statusCode[row]) === value ||
    inText(block, row) ||
    matches(block.srcIp(row)) ||
    matches(block.dstIp(row)) ||
    (network !== undefined && inNetwork(block, row))
}

/** One end of a hop: `10.0.0.1:5060` or `[2001:db8::1]:5060`; undefined if the word is none. */
function endpointPredicate(value: string): RowPredicate | undefined {
  const [, ipv4, ipv6, portText] = /^(?:([\d.]+)|\[([^\]]+)\]):(\d{1,5})$/.exec(value) ?? []
  const network = parseNetwork(ipv4 ?? ipv6 ?? '')
  if (network === undefined) return undefined
  const port = Number(portText)
  const isSource = networkPredicate('src', network)
  const isDestination = networkPredicate('dst', network)
  return (block, row) =>
    (block.srcPort[row] === port && isSource(block, row)) || (block.dstPort[row] === port && isDestination(block, row))
}

type MatchMode = 'whole' | 'part'

/** Case does not count. `*` stands for any text and then the whole must match; without it `part` is enough. */
export function textMatcher(value: string, mode: MatchMode): (text: string) => boolean {
  const wanted = value.toLowerCase()
  if (wanted.includes('*')) {
    const pieces = wanted.split('*')
    return (text) => matchesPieces(text.toLowerCase(), pieces)
  }
  return mode === 'whole' ? (text) => text.toLowerCase() === wanted : (text) => text.toLowerCase().includes(wanted)
}

/** Linear in the text for any number of wildcards, unlike a regular expression. */
function matchesPieces(text: string, pieces: readonly string[]): boolean {
  const first = pieces[0] ?? ''
  const last = pieces.at(-1) ?? ''
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
  let at = first.length
  const end = text.length - last.length
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at)
    if (found < 0 || found + piece.length > end) return false
    at = found + piece.length
  }
  return true
}
