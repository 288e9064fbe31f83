import { expect, it } from 'vitest'
import { privacy } from '../../../src/app/privacy/privacy.svelte.ts'
import { Shown } from '../../../src/app/privacy/shown.ts'

it('shows a value or its mask, each as the same object, and what is not there', () => {
  const shown = new Shown<{ readonly name: string } | undefined>((value, masker) =>
    value === undefined ? undefined : { name: masker.user(value.name) },
  )
  const value = { name: 'alice' }
  expect(shown.of(value)).toBe(value)
  const told: boolean[] = []
  const unwatch = privacy.watch(() => told.push(privacy.isOn))
  privacy.toggle()
  expect(shown.of(undefined)).toBeUndefined()
  expect(shown.of(value)?.name).toMatch(/^u-[a-z]{7}$/)
  expect(shown.of(value)).toBe(shown.of(value))
  privacy.toggle()
  unwatch()
  expect(shown.of(value)).toBe(value)
  expect(told).toEqual([true, false])
})
