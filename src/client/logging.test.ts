import { afterEach, expect, test, vi } from 'vitest'
import { createLogging } from './logging.ts'

afterEach(() => vi.restoreAllMocks())

function spies() {
  return {
    debug: vi.spyOn(console, 'debug').mockReturnValue(),
    warn: vi.spyOn(console, 'warn').mockReturnValue(),
    error: vi.spyOn(console, 'error').mockReturnValue(),
  }
}

test('a logger is quiet below warnings until its level is set', () => {
  const { debug, warn } = spies()
  const logging = createLogging()
  const logger = logging.get('hookbox')
  logger.debug('a')
  logger.warn('b', 1)
  expect(debug).not.toHaveBeenCalled()
  expect(warn).toHaveBeenCalledWith('[hookbox]', 'b', 1)
  logging.get('hookbox').setLevel(logging.DEBUG)
  logger.debug('c')
  expect(debug).toHaveBeenCalledWith('[hookbox]', 'c')
})

test('set gives a named logger its level and getAll lists what there is', () => {
  const logging = createLogging()
  logging.set('a', logging.ERROR)
  logging.get('b')
  expect(Object.keys(logging.getAll())).toEqual(['a', 'b'])
  expect(Object.values(logging.getAll())[0]?.getLevel()).toBe(logging.ERROR)
})

test('in production only errors are written', () => {
  const { warn, error } = spies()
  const logging = createLogging()
  logging.get('a').setLevel(logging.DEBUG)
  logging.setProduction(true)
  logging.get('a').warn('x')
  logging.get('a').error('y')
  expect(warn).not.toHaveBeenCalled()
  expect(error).toHaveBeenCalledOnce()
})

test('the levels rise', () => {
  const { DEBUG, LOG, INFO, WARN, ERROR } = createLogging()
  const levels = [DEBUG, LOG, INFO, WARN, ERROR]
  expect(levels).toEqual(levels.toSorted((a, b) => a - b))
})
