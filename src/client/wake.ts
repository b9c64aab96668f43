/** Calls `run` when there may be a way to the server again: the device is online, the page is looked at. */
export function onWake(run: () => void): () => void {
  const target = globalThis as { addEventListener?: typeof addEventListener }
  if (typeof target.addEventListener !== 'function') return () => undefined
  const onVisible = () => {
    if (document.visibilityState === 'visible') run()
  }
  addEventListener('online', run)
  addEventListener('pageshow', run)
  if (typeof document !== 'undefined') document.addEventListener('visibilitychange', onVisible)
  return () => {
    removeEventListener('online', run)
    removeEventListener('pageshow', run)
    if (typeof document !== 'undefined') document.removeEventListener('visibilitychange', onVisible)
  }
}
