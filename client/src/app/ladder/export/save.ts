/** Hand a file to the person, by the browser's usual way. */
export function saveFile(name: string, content: Blob): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser has taken the content by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** A file name that every system takes, e.g. `ladder-3c26700e-10.0.0.5.svg`. */
export function fileName(callId: string, extension: string): string {
  const safe = callId.replace(/[^\w.@-]+/g, '_').slice(0, 60)
  return `ladder${safe === '' ? '' : `-${safe}`}.${extension}`
}
