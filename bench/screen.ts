import { median, option } from './store/report.ts'
import { type Figure, printBudget } from './screen/figure.ts'
import { measureFile } from './screen/file.ts'
import { measureFirstLoad } from './screen/first-load.ts'
import { measureLadder } from './screen/ladder.ts'
import { measureList } from './screen/list.ts'
import { measureMemory } from './screen/memory.ts'

/**
 * What the live screen costs in headless Chromium, beside its budgets: frames, keys, the way from packet to pixel, a
 * large ladder, a large file, memory, first load. A built server with the configuration of `npm start`, but without
 * its store; the load comes from a process of its own. Each figure is the median of the runs.
 *
 *     npm run bench -- screen --seconds=20 --runs=3 --rate=5000 --part=list,ladder
 *
 * Run it with nothing else on the machine, where server, sender, browser and its rasteriser share the processors: what
 * is late there need not be the page. The lines without a budget say how much processor each of them took.
 *
 * A budget that is missed is printed as OVER and fails nothing. `HEPSCOPE_BROWSER` names the browser.
 */
const PARTS = {
  'first-load': measureFirstLoad,
  list: measureList,
  ladder: measureLadder,
  file: measureFile,
  memory: measureMemory,
} as const

/** What takes minutes is measured once. */
const ONCE: ReadonlySet<string> = new Set(['memory'])

const plan = {
  seconds: Number(option('seconds', '20')),
  rate: Number(option('rate', '5000')),
  memoryEvents: Number(option('memory-events', '600000')),
}
const runs = Number(option('runs', '3'))
const wanted = option('part', Object.keys(PARTS).join()).split(',')
const unknown = wanted.filter((name) => !(name in PARTS))

if (unknown.length > 0) {
  console.log(`no part ${unknown.join(', ')}; there are: ${Object.keys(PARTS).join(', ')}`)
  process.exitCode = 1
} else {
  for (const [name, measure] of Object.entries(PARTS)) {
    if (!wanted.includes(name)) continue
    const figures: (readonly Figure[])[] = []
    const count = ONCE.has(name) ? 1 : runs
    for (let run = 0; run < count; run++) figures.push(await measure(plan))
    console.log(`\n${name}, ${count === 1 ? 'one run' : `median of ${count} runs`}`)
    for (const figure of figures[0] ?? []) {
      const values = figures.flatMap((run) => run.filter(({ name: other }) => other === figure.name))
      printBudget({ ...figure, value: median(values.map(({ value }) => value)) })
    }
  }
}
