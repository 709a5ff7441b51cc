/** Reads every page of a list: `for await (const page of everyPage((pageToken) => client.listDealers({ pageToken })))`. */
export async function* everyPage<Page extends { readonly nextPageToken: string }>(
  fetchPage: (pageToken: string) => Promise<Page>,
): AsyncGenerator<Page, void, undefined> {
  let pageToken = "";
  do {
    const page = await fetchPage(pageToken);
    yield page;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}
