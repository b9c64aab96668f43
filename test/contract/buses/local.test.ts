import { createLocalBusHub } from '../../../src/buses/local.ts'
import { describeBus } from './suite.ts'

describeBus('local', async (nodes) => {
  const hub = createLocalBusHub()
  return nodes.map((node) => hub.bus(node))
})
