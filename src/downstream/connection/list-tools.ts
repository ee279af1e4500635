/** Reads all tools of a server, page by page. */
import type { ToolList } from "../../core/ports/catalog-store.js";
import { isRecord } from "../../lib/is-record.js";
import { jsonSize } from "../../lib/json-size.js";
import { createPauses } from "../../lib/pauses.js";

const MAX_PAGES = 1_000; // the cursors of a server may never end
const MAX_TOOLS = 10_000; // the largest known servers have about 120; a model could not choose among so many
const MOST_CHARACTERS = 100_000; // of one tool as JSON; it would fill the context of a model
const LONGEST_NAME = 200; // characters of the name of a tool that is too large
const MOST_LEVELS = 500; // of nesting; the code that checks a tool recurses

/** The faults that take the place of the schema of a tool that is too large to check. */
export const EXCESSES = [
  `its definition is larger than ${MOST_CHARACTERS} characters`,
  `its definition is nested more than ${MOST_LEVELS} levels deep`,
] as const;

export interface ToolsPage {
  readonly tools?: readonly unknown[] | null | undefined;
  readonly nextCursor?: unknown;
}

/** Reads pages until there is no valid cursor, or one that was used before. */
export async function listTools(readPage: (cursor: string | null) => Promise<ToolsPage>): Promise<ToolList> {
  const tools: unknown[] = [];
  const used = new Set<string>();
  let cursor: string | null = null;
  const pause = createPauses();
  for (let page = 1; page <= MAX_PAGES; page++) {
    const { tools: found, nextCursor } = await readPage(cursor);
    for (const tool of found ?? []) {
      if (tools.length === MAX_TOOLS) return { tools, complete: false };
      await pause();
      tools.push(withinBounds(tool));
    }
    if (typeof nextCursor !== "string" || nextCursor === "" || used.has(nextCursor)) return { tools, complete: true };
    used.add(nextCursor);
    cursor = nextCursor;
  }
  return { tools, complete: false };
}

function withinBounds(tool: unknown): unknown {
  const [tooLarge, tooDeep] = EXCESSES;
  const isTooDeep = jsonSize(tool).levels > MOST_LEVELS;
  if (!isTooDeep && JSON.stringify(tool).length <= MOST_CHARACTERS) return tool;
  const name = isRecord(tool) && typeof tool.name === "string" ? tool.name.slice(0, LONGEST_NAME) : "";
  return { name, inputSchema: isTooDeep ? tooDeep : tooLarge };
}
