const events = ['online', 'pageshow', 'visibilitychange']

/**
 * Calls `run` when there may be a way to the server again: the device is online, the page is looked at. The returned
 * function ends that. Does nothing in Node.
 */
export function onWake(run: () => void): () => void {
  const page = globalThis as Partial<Pick<typeof globalThis, 'addEventListener'>>
  const ended = new AbortController()
  const listener = () => {
    if (typeof document === 'undefined' || document.visibilityState === 'visible') run()
  }
  // What happens to the document bubbles up to here; a worker has only the first.
  for (const name of events) page.addEventListener?.(name, listener, { signal: ended.signal })
  return () => ended.abort()
}
