/**
 * A JavaScript example of a Markdown page, and what it says that it prints.
 *
 * @typedef {object} Snippet
 * @property {string} code
 * @property {readonly string[]} expected lines
 */

/**
 * The JavaScript examples of a page. What a `console.log` prints stands behind it as `// → text`.
 *
 * @param {string} markdown
 * @returns {Snippet[]}
 */
export function readSnippets(markdown) {
  return Array.from(markdown.matchAll(/^```js\n([^]*?)^```$/gm), ([, code = '']) => ({
    code,
    expected: Array.from(code.matchAll(/\/\/ → (.*)$/gm), ([, text = '']) => text.trim()),
  }))
}

/**
 * @param {Snippet} snippet
 * @param {readonly string[]} printed lines
 * @returns {string | undefined} what is wrong
 */
export function compareOutput({ code, expected }, printed) {
  if (expected.length > 0 && expected.join('\n') === printed.join('\n')) return undefined
  return `printed\n  ${printed.join('\n  ')}\ninstead of\n  ${expected.join('\n  ')}\nby\n${code}`
}
