import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts processor time in hundredths of a second, whatever the kernel's own tick is. */
const ticksPerSecond = 100

/** A process and those it started, as far as they live. Empty where there is no /proc. */
function family(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(family)]
}

/** Seconds of processor time that a process and those it started have used; undefined where there is no /proc. */
export function cpuSeconds(pid: number): number | undefined {
  return sumOver(pid, (one) => {
    const stat = readProc(`${one}/stat`)
    // The second field is the name in brackets and may hold anything.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields && (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
  })
}

/** Seconds that a core has been busy since the machine started, for whomever; undefined where there is no /proc. */
export function busySeconds(core: number): number | undefined {
  const line = new RegExp(`^cpu${core} (.+)$`, 'm').exec(readProc('stat') ?? '')?.[1]
  if (line === undefined) return undefined
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line
    .split(' ')
    .map(Number)
  return (user + nice + system + irq + softirq + steal) / ticksPerSecond
}

/** Resident memory of a process and those it started, in bytes; undefined where there is no /proc. */
export function residentBytes(pid: number): number | undefined {
  return sumOver(pid, (one) => {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readProc(`${one}/status`) ?? '')?.[1]
    return kib === undefined ? undefined : Number(kib) * 1024
  })
}

/** The cores that this process may run on; undefined where there is no /proc. */
export function allowedCores(): number[] | undefined {
  const list = /^Cpus_allowed_list:\s+(\S+)/m.exec(readProc('self/status') ?? '')?.[1]
  return list?.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

function sumOver(pid: number, read: (pid: number) => number | undefined): number | undefined {
  const values = family(pid).map(read)
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0)
}

function childrenOf(pid: number): number[] {
  return tasksOf(pid).flatMap((task) => {
    const list = readProc(`${pid}/task/${task}/children`)?.trim()
    return list ? list.split(' ').map(Number) : []
  })
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'utf8')
  } catch {
    return undefined
  }
}
