/** Seconds from 1900, where NTP counts from, to 1970. */
const UNIX_EPOCH_NTP_SECONDS = 2_208_988_800
const YEAR_2000_UNIX_SECONDS = 946_684_800
const TWO_32 = 2 ** 32

/**
 * The date of a sender report.
 *
 * Senders may count from any moment (RFC 3550 section 6.4.1 allows uptime), and Asterisk's JSON has Unix seconds and
 * microseconds instead of NTP's.
 *
 * @param seconds NTP seconds, until they wrap in 2036, or Unix seconds
 * @param fraction units of 2^-32 s, or microseconds beside Unix seconds
 * @returns whole microseconds since 1970; undefined if it is no date
 */
export function ntpToUs(seconds: number, fraction: number): number | undefined {
  if (seconds >= UNIX_EPOCH_NTP_SECONDS) {
    return (seconds - UNIX_EPOCH_NTP_SECONDS) * 1_000_000 + Math.round((fraction / TWO_32) * 1_000_000)
  }
  if (seconds >= YEAR_2000_UNIX_SECONDS && fraction < 1_000_000) return seconds * 1_000_000 + fraction
  return undefined
}

/** The middle 32 bits of an NTP time, as `lsr` has them: units of 1/65536 s, modulo 65536 s. */
export function usToNtpMiddle(timeUs: number): number {
  const seconds = Math.floor(timeUs / 1_000_000)
  const fraction = Math.floor(((timeUs - seconds * 1_000_000) * 65_536) / 1_000_000)
  return ((seconds + UNIX_EPOCH_NTP_SECONDS) % 65_536) * 65_536 + fraction
}
