/**
 * All items of a list, page by page as they are asked for.
 *
 * @param {import("./net/http.js").Http} http
 * @param {string} path
 * @param {string} items the list's name in the answer
 * @param {Record<string, string | number | boolean | null | undefined>} [query]
 * @returns {AsyncGenerator<any, void, void>}
 */
export async function* everyItem(http, path, items, query = {}) {
  for (let cursor; ; ) {
    const page = await http.get(path, { ...query, cursor });
    yield* page[items];
    if (!page.hasMore) return;
    cursor = page.nextCursor;
  }
}
