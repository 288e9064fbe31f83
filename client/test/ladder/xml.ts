/** An element of a document that `readXml` has read. */
export class XmlElement {
  readonly children: XmlElement[] = []
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  /** Of this element and of all in it. */
  text = ''

  constructor(name: string, attributes: ReadonlyMap<string, string>) {
    this.name = name
    this.attributes = attributes
  }

  /** Names of this element and of all in it. */
  names(): Set<string> {
    return new Set([this.name, ...this.children.flatMap((child) => [...child.names()])])
  }
}

const NAME = '[A-Za-z_][\\w.-]*'
const TOKEN = new RegExp(`<(/?)(${NAME})((?:\\s+${NAME}="[^"<]*")*)\\s*(/?)>|([^<]+)`, 'gy')
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' }

/**
 * Read a document of elements, double-quoted attributes and text, strictly.
 *
 * @throws Error if it is not well-formed
 */
export function readXml(document: string): XmlElement {
  // eslint-disable-next-line no-control-regex -- XML 1.0 section 2.2 forbids them
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f]|\p{Surrogate}/u.test(document)) throw new Error('forbidden character')
  const root = new XmlElement('', new Map())
  const open = [root]
  let at = 0
  for (const [token, slash, name = '', attributes = '', isEmpty, text] of document.trim().matchAll(TOKEN)) {
    at += token.length
    const parent = open.at(-1)
    if (parent === undefined) throw new Error(`nothing is open at ${at}`)
    if (text !== undefined) {
      for (const element of open) element.text += unescapeXml(text)
    } else if (slash === '/') {
      if (parent.name !== name) throw new Error(`</${name}> closes <${parent.name}> at ${at}`)
      open.pop()
    } else {
      const element = new XmlElement(name, readAttributes(attributes))
      parent.children.push(element)
      if (isEmpty !== '/') open.push(element)
    }
  }
  const [element] = root.children
  if (at !== document.trim().length) throw new Error(`no XML at ${at}: ${document.slice(at, at + 60)}`)
  if (open.length !== 1 || element === undefined || root.children.length !== 1) throw new Error('not one whole element')
  return element
}

function readAttributes(text: string): Map<string, string> {
  const attributes = new Map<string, string>()
  for (const [, name = '', value = ''] of text.matchAll(/([\w.-]+)="([^"]*)"/g)) {
    if (attributes.has(name)) throw new Error(`${name} twice`)
    attributes.set(name, unescapeXml(value))
  }
  return attributes
}

function unescapeXml(text: string): string {
  return text.replace(/&([^;]*;?)/g, (_, entity: string) => {
    const character = ENTITIES[entity.slice(0, -1)]
    if (character === undefined || !entity.endsWith(';')) throw new Error(`bad entity &${entity}`)
    return character
  })
}
