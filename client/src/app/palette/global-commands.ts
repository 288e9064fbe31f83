import type { AppContext } from '../context.ts'
import { privacy } from '../privacy/privacy.svelte.ts'
import { copyText } from '../shell/copy-text.ts'
import { VIEWS } from '../views/views.ts'
import { VIEW_NAMES } from '../views/view-url.ts'
import type { CommandGroup } from './commands.svelte.ts'

/** As the palette and the sheet tell it; see `isPrivacyKey`. */
const PRIVACY_KEY = 'ctrl+alt+p'

/** What can be done in every view. */
export function globalCommands(app: AppContext): readonly CommandGroup[] {
  const { router, settings, session, faults, commands } = app
  return [
    {
      title: 'Go to',
      commands: VIEW_NAMES.map((name) => ({
        name: `${VIEWS[name].title}: ${VIEWS[name].about.toLowerCase()}`,
        keys: [],
        run: name === router.address.view ? undefined : () => router.go(name),
      })),
    },
    {
      title: 'Page',
      commands: [
        { name: 'Commands', keys: ['ctrl+k', ':'], run: undefined },
        { name: 'Keys', keys: ['?', 'F1'], run: () => commands.show('keys') },
        {
          name: privacy.isOn ? 'Privacy off: show everything as it is' : 'Privacy on: pseudonyms for who talks to whom',
          keys: [PRIVACY_KEY],
          run: () => privacy.toggle(),
        },
        { name: `Theme: ${settings.theme}, change`, keys: [], run: () => settings.nextTheme() },
        {
          name: `Time zone: ${settings.zone === 'utc' ? 'UTC, show local time' : 'local, show UTC'}`,
          keys: [],
          run: () => {
            settings.nextZone()
            router.setZone(settings.zone)
          },
        },
        {
          name: 'Copy a link to what is shown',
          keys: [],
          run: () => {
            void copyText(router.link({ ...router.address, zone: settings.zone })).then((isCopied) => {
              if (!isCopied) faults.add('The browser does not let this page write to the clipboard.')
            })
          },
        },
        { name: 'Log out', keys: [], run: () => void session.logout() },
      ],
    },
  ]
}

/** Ctrl-Alt-P, also where Alt with P makes another letter. */
export function isPrivacyKey({ ctrlKey, altKey, code }: KeyboardEvent): boolean {
  return ctrlKey && altKey && code === 'KeyP'
}
