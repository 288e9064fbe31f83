import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from '../../test.ts'
import type { Child } from '../../process/child.ts'
import type { Stage } from '../../process/stage.ts'
import { Api } from '../../server/api.ts'
import { runHepscope } from '../../server/command-line.ts'

const TIMEOUT_MS = 15_000

/** Run a command that has to fail, and give what it said. */
async function failing(child: Child, code: number): Promise<string> {
  expect(await child.exitWithin(TIMEOUT_MS), child.stdout + child.stderr).toEqual({ code, signal: undefined })
  // A person is told what is wrong, not where in the program it was noticed.
  expect(child.stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m)
  return child.stderr
}

function serve(stage: Stage, env: Readonly<Record<string, string>>): Child {
  return runHepscope(stage, ['serve'], {
    HEPSCOPE_DATA_DIR: stage.directory(),
    HEPSCOPE_INGEST_LISTENERS: 'hep_udp:127.0.0.1:0',
    HEPSCOPE_COORDINATOR_LISTEN: '127.0.0.1:0',
    HEPSCOPE_NODE_LISTEN: '127.0.0.1:0',
    ...env,
  })
}

test('names every fault of a configuration at once and opens nothing', async ({ stage }) => {
  const directory = stage.directory()
  const config = join(directory, 'hepscope.yaml')
  const dataDir = join(directory, 'data')
  writeFileSync(
    config,
    `data_dir: ${dataDir}
ingest:
  listeners: [hep_sctp:127.0.0.1:9060]
  hep_stream:
    enable: perhaps
    bufer_size: 10
coordinator:
  listen: somewhere
`,
  )
  const env = { HEPSCOPE_STORAGE_THREADS: '0', HEPSCOPE_NO_SUCH_KEY: '1' }
  const child = runHepscope(stage, ['serve', '--config', config], env)
  const text = await failing(child, 1)
  expect(text).toContain(config)
  for (const key of [
    'ingest.listeners.0',
    'ingest.hep_stream.enable',
    'ingest.hep_stream.bufer_size',
    'coordinator.listen',
    'storage.threads',
    'HEPSCOPE_NO_SUCH_KEY',
  ]) {
    expect(text).toContain(key)
  }
  expect(child.stdout).toBe('')
  expect(existsSync(dataDir)).toBe(false)
})

test('says that a configuration file is not there', async ({ stage }) => {
  const text = await failing(runHepscope(stage, ['serve', '--config', '/nowhere/hepscope.yaml']), 1)
  expect(text).toMatch(/\/nowhere\/hepscope\.yaml.*\n.*cannot be read/)
})

test('names a HEP address that is in use', async ({ stage }) => {
  const socket = createSocket('udp4')
  stage.atEnd(() => socket.close())
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  const text = await failing(serve(stage, { HEPSCOPE_INGEST_LISTENERS: `hep_udp:127.0.0.1:${port}` }), 1)
  expect(text).toContain(`cannot listen on hep_udp:127.0.0.1:${port}: the port is in use`)
})

test('names an HTTP address that is in use', async ({ stage }) => {
  const other = createServer()
  stage.atEnd(() => other.close())
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  for (const key of ['HEPSCOPE_COORDINATOR_LISTEN', 'HEPSCOPE_NODE_LISTEN']) {
    const text = await failing(serve(stage, { [key]: `127.0.0.1:${port}` }), 1)
    expect(text).toContain(`cannot listen on http 127.0.0.1:${port}: the port is in use`)
  }
})

test('names a data directory that another server uses', async ({ stage, server }) => {
  const text = await failing(serve(stage, { HEPSCOPE_DATA_DIR: server.dataDir }), 1)
  expect(text).toContain(
    `cannot use the data directory ${server.dataDir}: it is in use by process ${server.process.pid}`,
  )
})

test('names a data directory that cannot be made', async ({ stage }) => {
  const text = await failing(serve(stage, { HEPSCOPE_DATA_DIR: '/dev/null/data' }), 1)
  expect(text).toContain('cannot use the data directory /dev/null/data: ENOTDIR')
})

test('makes a password at the first start and shows it once', async ({ stage }) => {
  const dataDir = stage.directory()
  const first = serve(stage, { HEPSCOPE_DATA_DIR: dataDir })
  const [, password = ''] = await first.saying(/Log in as "admin" with the password {2}(\S+)/, TIMEOUT_MS)
  await first.stop()
  const second = serve(stage, { HEPSCOPE_DATA_DIR: dataDir })
  const [, url = ''] = await second.saying(/web app +(http:\S+)[^]*data /, TIMEOUT_MS)
  await Api.login(url, 'admin', password)
  await second.stop()
  expect(second.stdout).not.toContain('password')
})

test('says what commands and options there are', async ({ stage }) => {
  expect(await failing(runHepscope(stage, ['sevre']), 2)).toMatch(/no command "sevre".*serve/)
  expect(await failing(runHepscope(stage, ['serve', '--prot', '1']), 2)).toMatch(/--prot/)
  expect(await failing(runHepscope(stage, ['gen', '--calls', 'many', '--to', 'udp://127.0.0.1:1']), 2)).toMatch(
    /--calls/,
  )
  expect(await failing(runHepscope(stage, ['gen', '--to', 'nowhere']), 2)).toContain('udp://HOST:PORT')
  expect(await failing(runHepscope(stage, ['replay', '/nowhere.pcap', '--to', 'udp://127.0.0.1:1']), 1)).toMatch(
    /cannot read \/nowhere\.pcap/,
  )
  for (const command of ['serve', 'gen', 'replay', 'user', 'check-config']) {
    const help = runHepscope(stage, [command, '--help'])
    await help.succeeds(TIMEOUT_MS)
    expect(help.stdout).toContain(`hepscope ${command}`)
  }
})
