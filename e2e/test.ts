import { test as base, expect } from '@playwright/test'
import { type Deployment, ownDeployment, REMOTE_URL, remoteDeployment } from './deployment.ts'
import { openUdpHep, type UdpHep } from './hep/udp.ts'
import { LiveView } from './page/live-view.ts'
import { PageFaults } from './page/page-faults.ts'
import { Stage } from './process/stage.ts'
import { Hepscope } from './server/hepscope.ts'

interface Fixtures {
  /** Ends what the test starts. */
  readonly stage: Stage
  /** A server of our own. */
  readonly server: Hepscope
  /** What the browser looks at. */
  readonly deployment: Deployment
  /** A way to its HEP listener. */
  readonly hep: UdpHep
  /** Errors of the page, which fail the test unless it expects them. */
  readonly faults: PageFaults
  /** The live view, logged in and connected. */
  readonly live: LiveView
}

export const test = base.extend<Fixtures>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the names of what a fixture needs from this pattern
  stage: async ({}, use) => {
    const stage = new Stage()
    await use(stage)
    await stage.clear()
  },
  server: async ({ stage }, use) => {
    const server = await Hepscope.start(stage)
    await use(server)
    if (server.process.status === undefined) await server.stop()
  },
  deployment:
    REMOTE_URL === ''
      ? async ({ server }, use) => use(ownDeployment(server))
      : // eslint-disable-next-line no-empty-pattern -- as above
        async ({}, use) => use(remoteDeployment()),
  baseURL: async ({ deployment }, use) => use(deployment.url),
  hep: async ({ stage, deployment }, use) => use(await openUdpHep(stage, deployment.hep)),
  faults: [
    async ({ page }, use) => {
      const faults = new PageFaults(page)
      await use(faults)
      expect(faults.unexpected(), 'errors of the page').toEqual([])
    },
    { auto: false },
  ],
  live: async ({ page, faults, deployment }, use) => {
    const live = new LiveView(page, faults)
    await live.logIn(deployment)
    await live.open()
    await use(live)
  },
})

export { expect }
