import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  formatClock,
  formatDate,
  formatDelta,
  formatDuration,
  formatSeconds,
  formatStart,
  zoneName,
} from '../../../src/app/format/time.ts'

// 2026-01-31T14:03:06.840119Z
const TS_US = 1_769_868_186_840_119
const zoneBefore = process.env.TZ

beforeEach(() => {
  process.env.TZ = 'Asia/Kolkata'
})
afterEach(() => {
  if (zoneBefore === undefined) delete process.env.TZ
  else process.env.TZ = zoneBefore
})

describe('formatClock', () => {
  it('shows microseconds', () => {
    expect(formatClock(TS_US, 'utc', 6)).toBe('14:03:06.840119')
  })

  it.each([
    [1, '14:03:06.8'],
    [3, '14:03:06.840'],
  ] as const)('cuts to %i digits', (digits, text) => {
    expect(formatClock(TS_US + 59, 'utc', digits)).toBe(text)
  })

  it('never rounds up into the next second', () => {
    expect(formatClock(1_000_999_999, 'utc', 1)).toBe('00:16:40.9')
    expect(formatClock(1_000_999_999, 'utc', 6)).toBe('00:16:40.999999')
    expect(formatClock(0, 'utc', 6)).toBe('00:00:00.000000')
  })

  it('shows the local zone', () => {
    expect(formatClock(TS_US, 'local', 3)).toBe('19:33:06.840')
  })
})

describe('formatDate and formatStart', () => {
  it('changes day with the zone', () => {
    const lateUs = Date.UTC(2026, 0, 31, 20) * 1000
    expect(formatDate(lateUs, 'utc')).toBe('2026-01-31')
    expect(formatDate(lateUs, 'local')).toBe('2026-02-01')
  })

  it('shows the date of another day only', () => {
    expect(formatStart(TS_US, TS_US / 1000 + 3_600_000, 'utc')).toBe('14:03:06.8')
    expect(formatStart(TS_US, TS_US / 1000 + 86_400_000, 'utc')).toBe('01-31 14:03')
  })
})

describe('zoneName', () => {
  it.each([
    ['Asia/Kolkata', 'UTC+5:30'],
    ['America/New_York', 'UTC−5'],
    ['Etc/UTC', 'UTC+0'],
  ])('names %s by its offset', (name, text) => {
    process.env.TZ = name
    expect(zoneName('local', TS_US)).toBe(text)
    expect(zoneName('utc', TS_US)).toBe('UTC')
  })
})

describe('formatDuration', () => {
  it.each([
    [0, '0:00'],
    [59_999_999, '0:59'],
    [600_000_000, '10:00'],
    [3_723_000_000, '1:02:03'],
    [-1, ''],
    [NaN, ''],
  ])('shows %d µs as "%s"', (us, text) => {
    expect(formatDuration(us)).toBe(text)
  })
})

describe('formatDelta and formatSeconds', () => {
  it.each([
    [2_000, '+0.002'],
    [999, '+0.000'],
    [-13_400, '−0.013'],
    [59_999_999, '+59.999'],
    [123_150_000, '+2:03.1'],
    [3_600_000_000, '+1:00:00'],
  ])('shows %d µs as %s', (us, text) => {
    expect(formatDelta(us)).toBe(text)
  })

  it('shows hundredths', () => {
    expect(formatSeconds(1_440_000)).toBe('1.44')
  })
})
