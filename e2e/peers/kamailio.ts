import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freeUdpPort } from '../process/udp-port.ts'
import { needProgram } from '../process/programs.ts'
import type { Stage } from '../process/stage.ts'

export interface KamailioOptions {
  readonly hepVersion: 2 | 3
  /** Port of the HEP receiver on loopback. */
  readonly hepPort: number
  /** Port of the callee on loopback. */
  readonly calleePort: number
}

const START_TIMEOUT_MS = 15_000

/**
 * Run a Kamailio between caller and callee that mirrors, by siptrace, every message it receives and sends.
 *
 * @returns its SIP port
 */
export async function startKamailio(stage: Stage, options: KamailioOptions): Promise<number> {
  const kamailio = needProgram('kamailio')
  const directory = stage.directory()
  const port = await freeUdpPort()
  const config = join(directory, 'kamailio.cfg')
  writeFileSync(config, configOf(port, options))
  const memory = ['-m', '32', '-M', '4']
  const places = ['-w', directory, '-Y', directory, '-P', join(directory, 'pid')]
  const child = stage.run(kamailio, ['-f', config, '-DD', '-E', ...memory, ...places])
  // What it leaves in time it ends with its children; killed it would leave them behind.
  stage.atEnd(() => child.stop('SIGTERM'))
  await child.saying(/started$/m, START_TIMEOUT_MS)
  return port
}

/** One worker, so that messages are mirrored in the order in which they pass. */
function configOf(port: number, { hepVersion, hepPort, calleePort }: KamailioOptions): string {
  return `#!KAMAILIO
debug=1
log_stderror=yes
children=1
disable_tcp=yes
auto_aliases=no
listen=udp:127.0.0.1:${port}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siptrace.so"
modparam("siptrace", "trace_on", 1)
modparam("siptrace", "trace_mode", 1)
modparam("siptrace", "trace_to_database", 0)
modparam("siptrace", "hep_mode_on", 1)
modparam("siptrace", "hep_version", ${hepVersion})
modparam("siptrace", "hep_capture_id", 301)
modparam("siptrace", "duplicate_uri", "sip:127.0.0.1:${hepPort}")

event_route[core:worker-one-init] {
  xlog("L_ALERT", "started\\n");
}
request_route {
  if (!mf_process_maxfwd_header("10")) {
    sl_send_reply("483", "Too Many Hops");
    exit;
  }
  $du = "sip:127.0.0.1:${calleePort}";
  if (is_method("ACK")) {
    forward();
    exit;
  }
  if (is_method("INVITE")) record_route();
  t_relay();
}
`
}
