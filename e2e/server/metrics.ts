/** One scrape of `/metrics`. */
export class Metrics {
  readonly #values = new Map<string, { readonly labels: string; readonly value: number }[]>()

  /** @param text Prometheus' text format */
  constructor(text: string) {
    for (const line of text.split('\n')) {
      const parts = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line)
      if (parts === null) continue
      const [, name = '', labels = '', value] = parts
      const series = this.#values.get(name) ?? []
      series.push({ labels, value: Number(value) })
      this.#values.set(name, series)
    }
  }

  /**
   * Sum over all series of a metric; 0 if there is none.
   *
   * @param label only series with this label, e.g. `transport="udp"`
   */
  sum(name: string, label = ''): number {
    const series = this.#values.get(name) ?? []
    return series.reduce((sum, { labels, value }) => (labels.includes(label) ? sum + value : sum), 0)
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }
}

/** Read `/metrics` of a server. */
export async function fetchMetrics(url: string): Promise<Metrics> {
  const response = await fetch(new URL('/metrics', url))
  if (!response.ok) throw new Error(`/metrics answered ${response.status}`)
  return new Metrics(await response.text())
}
