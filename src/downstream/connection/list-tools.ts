/** All tools of a server, page by page. */
import type { ToolList } from "../../core/ports/catalog-store.js";
import { isRecord } from "../transport/wire.js";

const MAX_PAGES = 1_000; // a server whose cursors never end must not keep us busy for ever
const MAX_TOOLS = 10_000; // far above the largest servers met (about 120); a model could not choose among so many
const MOST_CHARACTERS = 100_000; // of one tool as JSON; a model's context would be full of it
const LONGEST_NAME = 200; // characters of such a one
const MOST_LEVELS = 500; // of nesting; everything that looks at a tool recurses

/** What stands in place of the schema of a tool that is too much to be looked at. */
export const EXCESSES = [
  `its definition is larger than ${MOST_CHARACTERS} characters`,
  `its definition is nested more than ${MOST_LEVELS} levels deep`,
] as const;

export interface ToolsPage {
  readonly tools?: readonly unknown[] | null | undefined;
  readonly nextCursor?: unknown;
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
      tools.push(withinReason(tool));
    }
    if (typeof nextCursor !== "string" || nextCursor === "" || used.has(nextCursor)) return { tools, complete: true };
    used.add(nextCursor);
    cursor = nextCursor;
  }
  return { tools, complete: false };
}

function withinReason(tool: unknown): unknown {
  const [tooLarge, tooDeep] = EXCESSES;
  const isTooDeep = isDeep(tool);
  if (!isTooDeep && JSON.stringify(tool).length <= MOST_CHARACTERS) return tool;
  const name = isRecord(tool) && typeof tool.name === "string" ? tool.name.slice(0, LONGEST_NAME) : "";
  return { name, inputSchema: isTooDeep ? tooDeep : tooLarge };
}

function isDeep(value: unknown): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_LEVELS) return true;
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
  }
  return false;
}
