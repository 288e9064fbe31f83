import { relative } from 'node:path'
import { PACKAGE, buildPackage } from './package/build.mjs'
import { ROOT, say } from './setup/command.mjs'

const fault = await buildPackage()
if (fault === undefined) {
  say(`built; publish it with: npm publish ${relative(ROOT, PACKAGE)} --access public`)
} else {
  process.stdout.write(fault)
  process.exitCode = 1
}
