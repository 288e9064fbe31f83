import { readFileSync } from 'node:fs'
import { HepDeframer } from '@hepscope/shared/hep/deframe.ts'
import { expect, test } from '../../test.ts'
import { type CertificateFiles, issueCertificates } from '../../process/certificates.ts'
import { needProgram } from '../../process/programs.ts'
import { FIXTURES } from '../../server/command-line.ts'
import { Hepscope } from '../../server/hepscope.ts'
import type { Child } from '../../process/child.ts'
import type { Stage } from '../../process/stage.ts'

/** The bytes of a connection of OpenSIPS: 180 SIP messages and 20 packets without payload. */
const CAPTURE = `${FIXTURES}opensips-hep3-tcp.bin`
const SIP_MESSAGES = 180
const OTHER_PACKETS = 20
const PACKETS = SIP_MESSAGES + OTHER_PACKETS
const HANDSHAKE = 'reason="tls-handshake"'

test('takes a connection that openssl s_client carries byte for byte, TLS 1.2 and 1.3', async ({ stage }) => {
  const { collector, agent } = issueCertificates(stage, ['collector', 'agent'])
  const server = await startWithTls(stage, collector)
  const frames: Buffer[] = []
  new HepDeframer().push(readFileSync(CAPTURE), (frame) => frames.push(Buffer.from(frame)))
  expect(frames).toHaveLength(PACKETS)

  for (const [i, version] of ['-tls1_2', '-tls1_3'].entries()) {
    const client = openssl(stage, server, [version, ...certificateOf(agent)], agent)
    await server.stores((i + 1) * PACKETS, 5000)
    await client.stop()
  }

  const metrics = await server.metrics()
  expect(metrics.sum('hepscope_packets_received_total', 'transport="tls"')).toBe(2 * PACKETS)
  expect(metrics.sum('hepscope_packets_rejected_total')).toBe(0)
  const api = await server.login()
  const rows = await api.search({ filter: {}, param: { limit: 1000 } })
  expect(rows).toHaveLength(2 * SIP_MESSAGES)
  for (const { seq, payload } of rows) {
    // Packets are numbered from 1 in the order of the connection.
    expect(frames[(seq - 1) % PACKETS]?.includes(payloadChunk(payload)), `packet ${seq}`).toBe(true)
    expect(payload).toMatch(/ SIP\/2\.0\r\n|^SIP\/2\.0 /)
  }
  await server.stop()
})

test('refuses openssl s_client without a certificate that it trusts, or with a TLS that is too old', async ({
  stage,
}) => {
  const { collector, agent } = issueCertificates(stage, ['collector', 'agent'])
  const { stranger } = issueCertificates(stage, ['stranger'])
  const server = await startWithTls(stage, collector)
  // Of itself the client would not offer what is so old, and the refusal would be its own.
  const old = ['-cipher', 'ALL:@SECLEVEL=0', ...certificateOf(agent)]
  const attempts = [
    { args: ['-tls1_2'], refusal: /alert handshake failure/ },
    // By TLS 1.3 it has sent some already when the alert comes, so a reset (104) may overtake it.
    { args: ['-tls1_3'], refusal: /alert certificate required|errno=104/ },
    // Node ends this connection without an alert.
    { args: ['-tls1_3', ...certificateOf(stranger)], refusal: /unexpected eof|errno=104/ },
    { args: ['-tls1_1', ...old], refusal: /alert protocol version/ },
    { args: ['-tls1_2', ...old], refusal: /alert protocol version/, isOnStrict: true },
  ]
  for (const [i, { args, refusal, isOnStrict }] of attempts.entries()) {
    const client = openssl(stage, server, args, collector, isOnStrict)
    const status = await client.exitWithin(5000)
    expect(status?.code, client.stderr).toBeGreaterThan(0)
    expect(client.stderr).toMatch(refusal)
    const refusals = async () => (await server.metrics()).sum('hepscope_packets_rejected_total', HANDSHAKE)
    await expect.poll(refusals, { message: args.join(' ') }).toBe(i + 1)
  }
  expect((await server.metrics()).sum('hepscope_packets_received_total')).toBe(0)
  await server.stop()
})

/** Chunk 0x000f of vendor 0. */
function payloadChunk(payload: string): Buffer {
  const bytes = Buffer.from(`\0\0\0\x0f\0\0${payload}`)
  bytes.writeUInt16BE(bytes.length, 4)
  return bytes
}

/** With a listener for TLS 1.2 and newer, and one for TLS 1.3; both demand a certificate. */
function startWithTls(stage: Stage, { cert, key, ca }: CertificateFiles) {
  const listener = { cert, key, client_ca: ca }
  const listeners = [
    { uri: 'hep_tls:127.0.0.1:0', ...listener },
    { uri: 'hep_tls:[::1]:0', ...listener, min_version: 'TLSv1.3' },
  ]
  return Hepscope.start(stage, { listeners })
}

function certificateOf({ cert, key }: CertificateFiles): readonly string[] {
  return ['-cert', cert, '-key', key]
}

/** Send the capture; there is no end, for `-quiet`, which takes no letter of it for a command, keeps the connection. */
function openssl(
  stage: Stage,
  server: Hepscope,
  args: readonly string[],
  { ca }: CertificateFiles,
  isOnStrict = false,
): Child {
  const host = isOnStrict ? '[::1]' : '127.0.0.1'
  const target = ['-connect', `${host}:${server.hepPort(`tls ${host}`)}`, '-CAfile', ca, '-verify_return_error']
  // The system's configuration may forbid what a test asks for.
  const env = { ...process.env, OPENSSL_CONF: '/dev/null' }
  return stage.run(needProgram('openssl'), ['s_client', '-quiet', ...target, ...args], { input: CAPTURE, env })
}
