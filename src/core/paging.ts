import type { NamePage } from './ports.ts'

const pageSize = 500

/** All names of a list, page by page. `read` gets what its query has to hold. */
export async function* allNames(
  read: (page: { limit: number; after?: string }) => Promise<NamePage>,
): AsyncGenerator<string, void> {
  let page = await read({ limit: pageSize })
  for (;;) {
    yield* page.names
    if (page.next === undefined) return
    page = await read({ limit: pageSize, after: page.next })
  }
}
