import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CertificateFiles } from '../process/certificates.ts'
import { freePort, type LoopbackHost } from '../process/loopback-port.ts'
import { needKamailioModule, needProgram } from '../process/programs.ts'
import type { Stage } from '../process/stage.ts'

export interface KamailioOptions {
  /** Lines of its configuration that make it send HEP. */
  readonly siptrace: string
  /** What the HEP goes by. */
  readonly hepTransport?: 'udp' | 'tcp' | 'tls'
  /** Port of the callee on the same host. */
  readonly calleePort: number
  readonly host?: LoopbackHost
  /** What the caller's SIP comes by; that to the callee goes by UDP. */
  readonly callerTransport?: 'udp' | 'tcp'
  /** PEM files, needed for TLS: its own certificate and key, and the authority of the receiver's. */
  readonly tls?: CertificateFiles
}

const START_TIMEOUT_MS = 15_000

/**
 * Run a Kamailio between caller and callee that mirrors, by siptrace, every message it receives and sends.
 *
 * @returns its SIP port
 */
export async function startKamailio(stage: Stage, options: KamailioOptions): Promise<number> {
  const kamailio = needProgram('kamailio')
  if (options.hepTransport === 'tls') needKamailioModule('tls.so', 'kamailio-tls-modules')
  const directory = stage.directory()
  const port = await freePort(options.host)
  const config = join(directory, 'kamailio.cfg')
  const tlsProfile = join(directory, 'tls-profile.cfg')
  writeFileSync(config, configOf(port, tlsProfile, options))
  if (options.tls !== undefined) writeFileSync(tlsProfile, tlsProfileOf(options.tls))
  const memory = ['-m', '32', '-M', '4']
  const places = ['-w', directory, '-Y', directory, '-P', join(directory, 'pid')]
  const child = stage.run(kamailio, ['-f', config, '-DD', '-E', ...memory, ...places])
  // What it leaves in time it ends with its children; killed it would leave them behind.
  stage.atEnd(() => child.stop('SIGTERM'))
  await child.saying(/started$/m, START_TIMEOUT_MS)
  return port
}

/** Lines that make siptrace send HEP of a version to a port of loopback. */
export function siptraceLines(
  hepVersion: 1 | 2 | 3,
  hepPort: number,
  { host = '127.0.0.1', hepTransport = 'udp' }: Pick<KamailioOptions, 'host' | 'hepTransport'> = {},
): string {
  return `loadmodule "siptrace.so"
modparam("siptrace", "trace_on", 1)
modparam("siptrace", "trace_mode", 1)
modparam("siptrace", "trace_to_database", 0)
modparam("siptrace", "hep_mode_on", 1)
modparam("siptrace", "hep_version", ${hepVersion})
modparam("siptrace", "hep_capture_id", 301)
modparam("siptrace", "duplicate_uri", "sip:${inUri(host)}:${hepPort};transport=${hepTransport}")`
}

/** One worker, so that messages are mirrored in the order in which they pass. */
function configOf(port: number, tlsProfile: string, options: KamailioOptions): string {
  const { siptrace, hepTransport = 'udp', calleePort, host = '127.0.0.1', callerTransport = 'udp' } = options
  const address = inUri(host)
  // It sends from a socket of the same kind that it listens on.
  const needsTcp = callerTransport === 'tcp' || hepTransport !== 'udp'
  return `#!KAMAILIO
debug=1
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
listen=udp:${address}:${port}
${needsTcp ? `listen=tcp:${address}:${port}` : 'disable_tcp=yes'}
${hepTransport === 'tls' ? tlsLines(address, tlsProfile) : ''}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
${siptrace}

event_route[core:worker-one-init] {
  xlog("L_ALERT", "started\\n");
}
request_route {
  if (!mf_process_maxfwd_header("10")) {
    sl_send_reply("483", "Too Many Hops");
    exit;
  }
  $du = "sip:${address}:${calleePort};transport=udp";
  if (is_method("ACK")) {
    forward();
    exit;
  }
  if (is_method("INVITE")) record_route();
  t_relay();
}
`
}

/** Without a port of its own it could not send by TLS; 0 would be 5061. */
function tlsLines(address: string, profile: string): string {
  return `enable_tls=yes
listen=tls:${address}:0
loadmodule "tls.so"
modparam("tls", "config", "${profile}")`
}

function tlsProfileOf({ cert, key, ca }: CertificateFiles): string {
  const files = `private_key = ${key}\ncertificate = ${cert}\nca_list = ${ca}\n`
  return `[server:default]\nmethod = TLSv1.2+\n${files}\n[client:default]\nmethod = TLSv1.2+\nverify_certificate = yes\n${files}`
}

function inUri(host: LoopbackHost): string {
  return host === '::1' ? '[::1]' : host
}
