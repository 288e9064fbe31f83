/** Cells of the rows of the first table below a heading of a page, with their marks. */
export function pageTable(page: string, heading: string): string[][] {
  const below = page.split(`# ${heading}\n`)[1] ?? ''
  const rows = /(?:^\|.*\n)+/m.exec(below)?.[0].trim().split('\n').slice(2) ?? []
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}
