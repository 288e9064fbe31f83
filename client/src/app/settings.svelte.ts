import type { Zone } from './format/time.ts'

export type Theme = 'system' | 'dark' | 'light'

const THEME_KEY = 'hepscope.theme'
const ZONE_KEY = 'hepscope.zone'
const NEXT_THEME = { system: 'dark', dark: 'light', light: 'system' } as const satisfies Record<Theme, Theme>

/** What a person chose about the page, kept in the browser. */
export class Settings {
  theme = $state<Theme>(themeOf(read(THEME_KEY)))
  zone = $state<Zone>(read(ZONE_KEY) === 'local' ? 'local' : 'utc')

  nextTheme(): void {
    this.theme = NEXT_THEME[this.theme]
    write(THEME_KEY, this.theme)
    // `public/theme.js` does the same before the first paint.
    if (this.theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = this.theme
  }

  nextZone(): void {
    this.zone = this.zone === 'utc' ? 'local' : 'utc'
    write(ZONE_KEY, this.zone)
  }
}

function themeOf(text: string | undefined): Theme {
  return text === 'dark' || text === 'light' ? text : 'system'
}

function read(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined
  } catch {
    return undefined
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}
