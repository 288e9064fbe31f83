/** What one word of the command line does, e.g. `hepscope serve`. */
export interface Command {
  /** Whole text of `hepscope NAME --help`. */
  readonly help: string
  /** @returns the exit code: 0 done, 1 failed, 2 wrong arguments */
  run(args: string[]): Promise<number>
}
