/** All tools of a server, page by page. */

const MAX_PAGES = 1_000; // a server whose cursors never end must not keep us busy for ever
const MAX_TOOLS = 10_000; // far above the largest servers met (about 120); a model could not choose among so many

export interface ToolsPage {
  readonly tools?: readonly unknown[] | null | undefined;
  readonly nextCursor?: unknown;
}

export interface ToolList {
  readonly tools: readonly unknown[];
  /** False when a limit ended the listing. */
  readonly complete: boolean;
}

/** Reads pages until the cursor is missing, no cursor at all, or one that was used before. */
export async function listTools(readPage: (cursor: string | null) => Promise<ToolsPage>): Promise<ToolList> {
  const tools: unknown[] = [];
  const used = new Set<string>();
  let cursor: string | null = null;
  for (let page = 1; page <= MAX_PAGES; page++) {
    const { tools: found, nextCursor } = await readPage(cursor);
    for (const tool of found ?? []) {
      if (tools.length === MAX_TOOLS) return { tools, complete: false };
      tools.push(tool);
    }
    if (typeof nextCursor !== "string" || nextCursor === "" || used.has(nextCursor)) return { tools, complete: true };
    used.add(nextCursor);
    cursor = nextCursor;
  }
  return { tools, complete: false };
}
