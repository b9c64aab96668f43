// Preloaded into Node servers whose memory is measured, with --expose-gc: SIGUSR2 collects what is garbage.
process.on('SIGUSR2', () => globalThis.gc?.())
