/** The CatalogStore port on SQLite: a list is kept in parts, because one row of megabytes would hold up the process. */
import { randomUUID } from "node:crypto";
import { and, asc, gte, lt, sql } from "drizzle-orm";
import { StoreError } from "../../../core/errors.js";
import type { CatalogStore, ToolList } from "../../../core/ports/catalog-store.js";
import type { Clock } from "../../../core/ports/clock-and-log.js";
import { createPauses } from "../../../lib/pauses.js";
import type { Connection } from "../connection/connection.js";
import { catalogs } from "../connection/tables.js";

const KEPT_MS = 90 * 24 * 3600 * 1000; // a changed definition gets a new entry, and nobody asks for the old one again
const PART_CHARACTERS = 128 * 1024; // the list of an ordinary server is one part

/** A row: some neighbouring tools of a list. */
interface Part extends ToolList {
  /** Names the save that wrote it: parts of two saves are no list. */
  readonly save: string;
  /** How many parts the list has. */
  readonly parts: number;
}

/** Prepares no statements: a process uses each verb at most once for each start of a server. */
export function createCatalogStore(
  { db, verb, atomicallyUnsynced, syncLater }: Connection,
  clock: Clock,
): CatalogStore {
  const loadParts = verb((definitionHash: string) =>
    db.select().from(catalogs).where(partsFrom(definitionHash, 0)).orderBy(asc(catalogs.definitionHash)).all(),
  );

  const savePart = verb((definitionHash: string, list: string, savedAt: number) =>
    atomicallyUnsynced(() =>
      db
        .insert(catalogs)
        .values({ definitionHash, list, savedAt })
        .onConflictDoUpdate({
          target: catalogs.definitionHash,
          set: { list: sql`excluded.list`, savedAt },
        })
        .run(),
    ),
  );

  const dropOldParts = verb((definitionHash: string, parts: number, savedAt: number) =>
    atomicallyUnsynced(() => {
      db.delete(catalogs).where(partsFrom(definitionHash, parts)).run();
      db.delete(catalogs)
        .where(lt(catalogs.savedAt, savedAt - KEPT_MS))
        .run();
    }),
  );

  return {
    load(definitionHash) {
      const rows = loadParts(definitionHash);
      const list = toList(rows.map((row) => row.list));
      return list && { list, at: rows[0]?.savedAt ?? 0 };
    },
    async save(definitionHash, list) {
      const texts = await toTexts(list);
      const savedAt = clock.now();
      const pause = createPauses();
      for (const [index, text] of texts.entries()) {
        await pause();
        savePart(keyOf(definitionHash, index), text, savedAt);
      }
      await pause();
      dropOldParts(definitionHash, texts.length, savedAt);
      syncLater();
    },
  };
}

function keyOf(definitionHash: string, part: number): string {
  return `${definitionHash}/${String(part).padStart(5, "0")}`;
}

/** The rows of a list from this part on. */
function partsFrom(definitionHash: string, part: number) {
  const end = `${definitionHash}0`; // the character behind the slash
  return and(gte(catalogs.definitionHash, keyOf(definitionHash, part)), lt(catalogs.definitionHash, end));
}

/** Null for a damaged list, or one that was not saved to its end: legwork asks the server again. */
function toList(texts: readonly string[]): ToolList | null {
  try {
    const parts = texts.map((text) => JSON.parse(text) as Part);
    const [first] = parts;
    if (!first || first.parts !== parts.length || parts.some(({ save }) => save !== first.save)) return null;
    const list = { tools: parts.flatMap(({ tools }) => tools), complete: first.complete };
    return first.faults ? { ...list, faults: Object.assign({}, ...parts.map(({ faults }) => faults)) } : list;
  } catch {
    return null;
  }
}

/** The parts of a list as JSON, each with the faults of its own tools. */
async function toTexts({ tools, complete, faults }: ToolList): Promise<readonly string[]> {
  const pause = createPauses();
  let group: Group = { tools: [], faults: [], size: 0 };
  const groups = [group];
  for (const [index, tool] of tools.entries()) {
    await pause();
    const text = toText(tool);
    if (group.size > 0 && group.size + text.length > PART_CHARACTERS) {
      group = { tools: [], faults: [], size: 0 };
      groups.push(group);
    }
    group.tools.push(text);
    group.size += text.length;
    const fault = faults?.[index];
    if (fault !== undefined) group.faults.push([index, fault]);
  }
  const shared = { save: randomUUID(), parts: groups.length, complete };
  return groups.map((one) => {
    const head = JSON.stringify({ ...shared, ...(faults ? { faults: Object.fromEntries(one.faults) } : {}) });
    return `${head.slice(0, -1)},"tools":[${one.tools.join(",")}]}`;
  });
}

interface Group {
  readonly tools: string[];
  readonly faults: [number, string][];
  /** Characters of its tools. */
  size: number;
}

function toText(tool: unknown): string {
  try {
    return JSON.stringify(tool);
  } catch (cause) {
    throw new StoreError("the list of tools cannot be kept: it is nested too deeply", { cause });
  }
}
