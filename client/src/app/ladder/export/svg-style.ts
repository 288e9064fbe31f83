/** `auto` follows the system of whoever looks at the picture. */
export type SvgTheme = 'light' | 'dark' | 'auto'

/** The tokens of the page's theme that a picture needs, by theme; a test holds them against the theme's file. */
export const SVG_COLOURS = {
  bg: ['#f6f7f9', '#0d1014'],
  line: ['#dfe3e9', '#222934'],
  text: ['#1b2430', '#dbe2ec'],
  soft: ['#4f5b6d', '#95a1b3'],
  faint: ['#5b6778', '#7f8b9d'],
  accent: ['#0b62bc', '#5cb0ff'],
  ok: ['#13704a', '#4cc38a'],
  wait: ['#825800', '#e5b454'],
  bad: ['#b8351e', '#f2765f'],
  off: ['#6650ad', '#a794d9'],
  'leg-2': ['#8a4b14', '#e0a070'],
  'leg-3': ['#0f6f78', '#4fc3cf'],
  'leg-4': ['#9a3a7c', '#e58ac6'],
  'leg-5': ['#6b6a00', '#c3c65a'],
} as const satisfies Readonly<Record<string, readonly [light: string, dark: string]>>

const ARROW_COLOURS = {
  request: 'accent',
  '1xx': 'soft',
  '2xx': 'ok',
  '3xx': 'off',
  '4xx': 'wait',
  '5xx': 'bad',
  other: 'soft',
  asks: 'bad',
  answers: 'ok',
  'series-1': 'accent',
  'series-2': 'leg-2',
  'series-3': 'leg-3',
  'series-4': 'leg-4',
  'series-5': 'leg-5',
  'series-6': 'off',
} as const satisfies Readonly<Record<string, keyof typeof SVG_COLOURS>>

const RULES =
  'text{font:11.5px ui-sans-serif,system-ui,"Segoe UI",Roboto,sans-serif;fill:var(--text);text-anchor:middle}' +
  'text.title{font-size:14px;font-weight:650;text-anchor:start}text.name{font-weight:600}' +
  'text.address{fill:var(--soft);font-size:11px}' +
  'text.time,text.delta{font:11px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;text-anchor:start}' +
  'text.time{fill:var(--soft)}text.delta{fill:var(--faint);text-anchor:end}text.gap-text{fill:var(--wait)}' +
  '.ground{fill:var(--bg)}.lane{stroke:var(--line)}.gap{fill:none;stroke:var(--wait);stroke-dasharray:6 4}' +
  '.shaft{fill:none;stroke:currentColor;stroke-width:1.3}.head,.tail{fill:currentColor;stroke:none}' +
  '.response .head{fill:none;stroke:currentColor;stroke-width:1.5}.request .shaft{stroke-width:1.8}' +
  '.fold .shaft{stroke-width:2.6}.shaft.echo{stroke-width:1}.report .shaft{stroke-dasharray:2 3}' +
  '.cancelled .shaft{stroke-dasharray:6 4}.cancelled .label{text-decoration:line-through}' +
  '.copy .shaft{stroke-dasharray:1 3}.fork{fill:none;stroke:var(--off);stroke-width:2}'

/** Style sheet of a picture. */
export function svgStyle(theme: SvgTheme): string {
  const arrows = Object.entries(ARROW_COLOURS).map(([name, token]) => `.c-${name}{color:var(--${token})}`)
  const base = `svg{${variables(theme === 'dark' ? 1 : 0)}}`
  const dark = theme === 'auto' ? `@media(prefers-color-scheme:dark){svg{${variables(1)}}}` : ''
  return base + dark + RULES + arrows.join('')
}

function variables(theme: 0 | 1): string {
  return Object.entries(SVG_COLOURS)
    .map(([name, values]) => `--${name}:${values[theme]}`)
    .join(';')
}
