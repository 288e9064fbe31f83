import type { Random } from './random.ts'

/** A block of telephone numbers: `prefix`, then any `digitCount` digits. */
interface NumberRange {
  readonly prefix: string
  readonly digitCount: number
}

interface Country {
  readonly firstNames: readonly string[]
  readonly lastNames: readonly string[]
  readonly ranges: readonly NumberRange[]
}

const range = (prefix: string, digitCount: number): NumberRange => ({ prefix, digitCount })

/**
 * Numbers that regulators keep free for films and examples, so that no real subscriber appears in a simulation:
 * ACMA, ARCEP, Bundesnetzagentur, ComReg, NANPA (555-01xx), Ofcom and PTS.
 */
const COUNTRIES: readonly Country[] = [
  {
    firstNames: ['Anna', 'Jürgen', 'Katrin', 'Lukas', 'Sönke', 'Mira'],
    lastNames: ['Keller', 'Brandt', 'Müller', 'Vogt', 'Lindner', 'Jahn'],
    ranges: [range('+493023125', 3), range('+496990009', 3), range('+494066969', 3), range('+498999998', 3)],
  },
  {
    firstNames: ['Emma', 'Noah', 'Ava', 'Carlos', 'Grace', 'Tyler'],
    lastNames: ['Reed', 'Alvarez', 'Whitman', 'Okafor', 'Brooks', 'Chen'],
    ranges: [range('+120255501', 2), range('+121255501', 2), range('+141555501', 2), range('+130355501', 2)],
  },
  {
    firstNames: ['Oliver', 'Amelia', 'Harriet', 'Imran', 'Rhys'],
    lastNames: ['Barker', 'Hughes', 'Patel', 'Aldous', 'Fenwick'],
    ranges: [range('+442079460', 3), range('+441614960', 3), range('+441134960', 3), range('+447700900', 3)],
  },
  {
    firstNames: ['Zoé', 'Léa', 'Hugo', 'Mathis', 'Inès'],
    lastNames: ['Renaud', 'Lefèvre', 'Garnier', 'Petit', 'Morel'],
    ranges: [range('+3319900', 4), range('+3326191', 4), range('+3346571', 4), range('+3363998', 4)],
  },
  {
    firstNames: ['Matilda', 'Jack', 'Mei', 'Angus'],
    lastNames: ['Doyle', 'Nguyen', 'Hargrave', 'Singh'],
    ranges: [range('+6125550', 4), range('+6135550', 4), range('+6175550', 4), range('+6185550', 4)],
  },
  {
    firstNames: ['Elsa', 'Björn', 'Nils', 'Åsa'],
    lastNames: ['Lund', 'Öberg', 'Ek', 'Nyström'],
    ranges: [range('+468465004', 2), range('+463139006', 2)],
  },
  {
    firstNames: ['Aoife', 'Cian', 'Niamh', 'Declan'],
    lastNames: ['Byrne', 'Nolan', 'Farrell', 'Quinn'],
    ranges: [range('+3532091', 5)],
  },
]

/** Somebody who calls or is called. */
export interface Person {
  /** E.164 with a leading plus. */
  readonly number: string
  /** Any Unicode letters. */
  readonly name: string
}

/** A person with a name and a fictional number of one country. */
export function randomPerson(random: Random): Person {
  const country = random.pick(COUNTRIES)
  const { prefix, digitCount } = random.pick(country.ranges)
  const name = `${random.pick(country.firstNames)} ${random.pick(country.lastNames)}`
  return { number: prefix + random.digits(digitCount), name }
}
