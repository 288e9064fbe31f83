/** What tells one SIP message of a test from another: Call-ID, CSeq, code and the hop it was seen on. */
export function sipKey(message: {
  readonly callId: string
  readonly cseq: string
  /** Empty for a request. */
  readonly code: string
  readonly from: string
  readonly to: string
}): string {
  const { callId, cseq, code, from, to } = message
  return `${callId} ${cseq} ${code || 'request'} ${from}>${to}`
}

/** Call-ID, CSeq and code, read from the text as a person would: not by the code under test. */
export function readSipText(text: string): { callId: string; cseq: string; code: string } {
  return {
    callId: /^Call-ID:\s*(.*?)\s*$/im.exec(text)?.[1] ?? '',
    cseq: /^CSeq:\s*(.*?)\s*$/im.exec(text)?.[1] ?? '',
    code: /^SIP\/2\.0 (\d{3})/.exec(text)?.[1] ?? '',
  }
}

/** How often each text occurs, as sorted lines: two of them are equal if the same things occur equally often. */
export function tally(texts: Iterable<string>): readonly string[] {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return [...counts].map(([text, count]) => `${count} × ${text}`).sort()
}
