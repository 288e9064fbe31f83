/** One word of the command line, e.g. `hepscope serve`. */
export interface Command {
  readonly name: string
  /** One line for `hepscope --help`. */
  readonly summary: string
  /** Whole text of `hepscope NAME --help`. */
  readonly help: string
  /** @returns the exit code: 0 done, 1 failed, 2 wrong arguments */
  run(args: string[]): Promise<number>
}
