import { type HepFields, WARNING } from './fields.ts'

const DAY_US = 86_400 * 1_000_000
const OLDEST_US = 10 * 365.25 * DAY_US
/** From 1900, where NTP begins to count, to 1970. */
const NTP_ERA_US = 2_208_988_800 * 1_000_000

/**
 * Mend the time of a packet whose sender's clock cannot be right: more than ten years ago, or more than a day ahead.
 * A time that counts from 1900 is put right; any other becomes none, so that the time of receipt stands in for it.
 *
 * @see Homer 11, which does the same
 */
export function sanitizeTime(fields: HepFields, nowUs: number): void {
  const { tsUs } = fields
  if (tsUs === 0 || isNear(tsUs, nowUs)) return
  const sinceUnixEpochUs = tsUs - NTP_ERA_US
  if (isNear(sinceUnixEpochUs, nowUs)) {
    fields.tsUs = sinceUnixEpochUs
    fields.warnings |= WARNING.timeOfNtpEra
  } else {
    fields.tsUs = 0
    fields.warnings |= WARNING.timeImplausible
  }
}

function isNear(tsUs: number, nowUs: number): boolean {
  return tsUs >= nowUs - OLDEST_US && tsUs <= nowUs + DAY_US
}
