// Preloaded into Node servers that are looked into. SIGUSR2 collects what is garbage (with --expose-gc); SIGTERM ends a
// server that has no way of its own, so that its profile is written.
process.on('SIGUSR2', () => globalThis.gc?.())
process.on('SIGTERM', () => {
  if (process.listenerCount('SIGTERM') === 1) process.exit()
})
