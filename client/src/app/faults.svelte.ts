const MAX_FAULTS = 5

/** Errors that nobody caught, to be shown in the page instead of in its console alone. */
export class Faults {
  messages = $state.raw<readonly string[]>([])

  add(message: string): void {
    if (this.messages.includes(message)) return
    this.messages = [...this.messages, message].slice(-MAX_FAULTS)
  }

  dismiss(): void {
    this.messages = []
  }

  /** Collect what the window reports; returns how to stop. */
  watch(window: Window): () => void {
    const onError = (event: ErrorEvent): void => {
      // Reported by browsers for a layout that settles in the next frame; nothing is wrong.
      if (!event.message.startsWith('ResizeObserver loop')) this.add(event.message)
    }
    const onRejection = (event: PromiseRejectionEvent): void => this.add(textOf(event.reason))
    window.addEventListener('error', onError)
    window.addEventListener('unhandledrejection', onRejection)
    return () => {
      window.removeEventListener('error', onError)
      window.removeEventListener('unhandledrejection', onRejection)
    }
  }
}

function textOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason)
}
