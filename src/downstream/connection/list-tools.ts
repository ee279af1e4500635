/** Reads all tools of a server, page by page. */
import type { ToolList } from "../../core/ports/catalog-store.js";
import { isRecord } from "../../lib/is-record.js";
import { jsonSize } from "../../lib/json/json-size.js";
import { createPauses } from "../../lib/pauses.js";

const MAX_PAGES = 1_000; // the cursors of a server may never end
const MAX_TOOLS = 10_000; // the largest known servers have about 120; a model could not choose among so many
const MOST_CHARACTERS = 100_000; // of one tool as JSON; it would fill the context of a model
const MOST_ALL = 8_000_000; // characters of all tools as JSON; a model could read none of it
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

/** Reads pages until there is no cursor, or one that was used before. Some servers count with numbers: each gets back what it sent. */
export async function listTools(readPage: (cursor: unknown) => Promise<ToolsPage>): Promise<ToolList> {
  const tools: unknown[] = [];
  const used = new Set<string>();
  let room = MOST_ALL;
  let cursor: unknown = null;
  const pause = createPauses();
  for (let page = 1; page <= MAX_PAGES; page++) {
    const { tools: found, nextCursor } = await readPage(cursor);
    for (const tool of found ?? []) {
      if (tools.length === MAX_TOOLS) return { tools, complete: false };
      await pause();
      const { bounded, size } = withinBounds(tool);
      room -= size;
      if (room < 0) return { tools, complete: false };
      tools.push(bounded);
    }
    const key = JSON.stringify(nextCursor);
    if (!isCursor(nextCursor) || used.has(key)) return { tools, complete: true };
    used.add(key);
    cursor = nextCursor;
  }
  return { tools, complete: false };
}

/** A zero or `false` in place of a cursor means that there is none. */
function isCursor(value: unknown): boolean {
  return Boolean(value) && value !== true;
}

function withinBounds(tool: unknown): { readonly bounded: unknown; readonly size: number } {
  const [tooLarge, tooDeep] = EXCESSES;
  const isTooDeep = jsonSize(tool).levels > MOST_LEVELS;
  const size = isTooDeep ? 0 : JSON.stringify(tool).length;
  if (!isTooDeep && size <= MOST_CHARACTERS) return { bounded: tool, size };
  const name = isRecord(tool) && typeof tool.name === "string" ? tool.name.slice(0, LONGEST_NAME) : "";
  return { bounded: { name, inputSchema: isTooDeep ? tooDeep : tooLarge }, size: name.length };
}
