import { Link, type Opening } from '../wire/link.ts'

const atOnce = 64

/** Opens `count` links, some at a time; `opening` is asked for each. */
export async function openLinks(
  port: number,
  count: number,
  opening: (index: number) => Opening,
): Promise<Link[]> {
  const links: Link[] = []
  const openSome = async (): Promise<void> => {
    while (links.length < count) {
      const link = new Link()
      const index = links.push(link) - 1
      await link.open(port, opening(index))
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, openSome))
  return links
}

/** Ends links without ceremony. */
export function closeLinks(links: readonly Link[]): void {
  for (const link of links) link.close()
}
