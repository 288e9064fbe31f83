declare module 'hep-js' {
  /** The two functions of hep-js 1.0.22 that the benchmark calls; the package has no types of its own. */
  const hepJs: {
    decapsulate(message: Buffer): Record<string, unknown> | false
    encapsulate(message: string, description: Record<string, unknown>): Buffer
  }
  export default hepJs
}
