import { it } from 'vitest'
import { jsonp, streaming } from '../helpers/csp-modes.ts'
import { describeWorlds, oneKind } from '../helpers/world.ts'

describeWorlds('x', oneKind, (start) => {
  it.each([streaming, jsonp])('x', async (csp) => {
    const t0 = Date.now()
    const log = (s: string) => console.log(Date.now() - t0, s)
    const world = await start({ args: ['--log-level', 'debug'] })
    const ann = await world.login('ann', { csp })
  const bob = await world.login('bob', { csp })
    for (let n = 0; n < 80; n += 1) bob.raw('x'.repeat(1000))
    await ann.subscribe('room')
  log('closed ' + JSON.stringify(await bob.closed))
    ann.publish('room', 'mark'); await ann.published('room')
  const ts = setInterval(() => {
      const h = (process as any)
        ._getActiveHandles()
        .filter((x: any) => x.constructor.name === 'Socket' && x.remotePort)
        .map(
          (x: any) =>
            `${x.localPort}->${x.remotePort} ${x.server ? 'srv' : 'cli'} idle=${x.parser ? 1 : 0} w=${x.writableLength} ended=${x.writableEnded} ${x._httpMessage ? x._httpMessage.constructor.name + ' ' + (x._httpMessage.req?.url ?? '').slice(0, 20) + ' ' + x._httpMessage.writableFinished : ''}`,
        )
      log(h.join('\n  '))
    }, 1000)
    await world.stop()
    log('stopped')
    clearInterval(ts)
  })
})
