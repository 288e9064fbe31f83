import { diffArrays, diffWordsWithSpace } from 'diff'
import { type Header, messageParts, type MessageParts } from './headers.ts'

/** A piece of a line; `isOther` where the other message has something else. */
export interface DiffPiece {
  readonly text: string
  readonly isOther: boolean
}

/** One line of the comparison. A side is empty where only the other has it. */
export interface DiffLine {
  readonly kind: 'same' | 'changed' | 'left' | 'right'
  readonly left: readonly DiffPiece[]
  readonly right: readonly DiffPiece[]
}

/** Longest value that is compared by words; a longer one is compared as a whole. */
const MAX_WORDS_LENGTH = 4000

/**
 * Compare two messages: headers by name, whatever their order; bodies line by line.
 *
 * @returns start line, headers in the order of the left message with those that only the right one has behind their
 *   like, then the body
 */
export function diffMessages(leftText: string, rightText: string): readonly DiffLine[] {
  const left = messageParts(leftText)
  const right = messageParts(rightText)
  return [
    pair(left.startLine, right.startLine),
    ...diffHeaders(left, right),
    ...(left.body === '' && right.body === '' ? [] : [pair('', ''), ...diffBodies(left.body, right.body)]),
  ]
}

function diffHeaders(left: MessageParts, right: MessageParts): DiffLine[] {
  const rest = byName(right.headers)
  const lines: DiffLine[] = []
  for (const [name, values] of byName(left.headers)) {
    const others = rest.get(name) ?? []
    rest.delete(name)
    lines.push(...diffValues(name, values, others))
  }
  for (const [name, values] of rest) lines.push(...values.map((value) => onlyRight(lineOf(name, value))))
  return lines
}

/** Values of one name: equal ones side by side, then those that were changed, in their order. */
function diffValues(name: string, left: readonly string[], right: readonly string[]): DiffLine[] {
  const lines: DiffLine[] = []
  const parts = diffArrays([...left], [...right])
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]
    if (part === undefined) continue
    const next = parts[i + 1]
    if (!part.added && !part.removed) lines.push(...part.value.map((value) => same(lineOf(name, value))))
    else if (part.removed && next?.added === true) {
      i++
      const length = Math.max(part.value.length, next.value.length)
      for (let at = 0; at < length; at++) lines.push(sides(name, part.value[at], next.value[at]))
    } else if (part.removed) lines.push(...part.value.map((value) => onlyLeft(lineOf(name, value))))
    else lines.push(...part.value.map((value) => onlyRight(lineOf(name, value))))
  }
  return lines
}

function sides(name: string, left: string | undefined, right: string | undefined): DiffLine {
  if (left === undefined) return onlyRight(lineOf(name, right ?? ''))
  return right === undefined ? onlyLeft(lineOf(name, left)) : pair(lineOf(name, left), lineOf(name, right))
}

function diffBodies(left: string, right: string): DiffLine[] {
  return diffValues('', linesOf(left), linesOf(right))
}

function linesOf(body: string): string[] {
  const lines = body.split(/\r\n|\n|\r/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function byName(headers: readonly Header[]): Map<string, string[]> {
  const named = new Map<string, string[]>()
  for (const { name, value } of headers) {
    const values = named.get(name)
    if (values === undefined) named.set(name, [value])
    else values.push(value)
  }
  return named
}

function lineOf(name: string, value: string): string {
  return name === '' ? value : `${name}: ${value}`
}

function pair(left: string, right: string): DiffLine {
  if (left === right) return same(left)
  if (left.length + right.length > MAX_WORDS_LENGTH) {
    return { kind: 'changed', left: [{ text: left, isOther: true }], right: [{ text: right, isOther: true }] }
  }
  const words = diffWordsWithSpace(left, right)
  return {
    kind: 'changed',
    left: words.flatMap(({ added, removed, value }) => (added ? [] : [{ text: value, isOther: removed }])),
    right: words.flatMap(({ added, removed, value }) => (removed ? [] : [{ text: value, isOther: added }])),
  }
}

function same(text: string): DiffLine {
  const pieces = [{ text, isOther: false }]
  return { kind: 'same', left: pieces, right: pieces }
}

function onlyLeft(text: string): DiffLine {
  return { kind: 'left', left: [{ text, isOther: true }], right: [] }
}

function onlyRight(text: string): DiffLine {
  return { kind: 'right', left: [], right: [{ text, isOther: true }] }
}
