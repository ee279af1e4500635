/** One server's tools: remembered from earlier, updated when the server is up, and compared with their pins. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { ServerConfig } from "../../core/definitions/server-config.js";
import { StoreError } from "../../core/errors.js";
import type { ToolList } from "../../core/ports/catalog-store.js";
import type { Catalog, PinFinding, ServerProblem } from "../../core/ports/downstream.js";
import { qualifiedName } from "../../core/tools/tool.js";
import { createPauses } from "../../lib/pauses.js";
import type { DownstreamOptions } from "../connection/downstream-options.js";
import { toListing, withFaults } from "./listing.js";
import { type Declared, declaredIn, declaredInPieces, judgePins } from "./pins.js";

const FRESH_MS = 24 * 60 * 60_000; // an older list is read again before any decision
const SAVE_AGAIN_MS = 60 * 60_000; // an unchanged list, which so stays fresh without a write at each start

export interface ToolMemory {
  /** Null where no list is known; the same object while nothing changes. */
  readonly known: Catalog | null;
  /** Whether the list is recent enough for decisions. */
  readonly isFresh: boolean;
  /** The tools that differ from their pins. */
  findings(): readonly PinFinding[];
  /** Takes the list that the server has just sent, and stores it. Resolves when it, or a newer one, is known. */
  update(list: ToolList): Promise<void>;
  /** Reads the pins again where they may have changed the catalog. */
  refresh(): void;
}

interface Known {
  readonly list: ToolList;
  /** When the server sent the list, in Unix milliseconds. */
  readonly at: number;
  /** Whether the server sent the list to this process. */
  readonly isLive: boolean;
  /** Whether reading the pins again may change the catalog: a tool differs from its pin, or the pins could not be read. */
  readonly isDoubtful: boolean;
  readonly catalog: Catalog;
  findings(): readonly PinFinding[];
  /** The tools of a doubtful list, for the next look at the pins; null where the list has to be hashed again. */
  readonly declared: Declared | null;
}

/** Reads the stored list when it is first needed. */
export function createToolMemory(config: ServerConfig, options: DownstreamOptions): ToolMemory {
  const { cache, pins, redact, log } = options;
  const { name, from, definitionHash } = config;
  let known: Known | null | undefined;
  let updates = 0;
  let newest: Promise<void> = Promise.resolve();
  let saved: { readonly list: ToolList; readonly at: number } | null = null;
  let saving: Promise<void> = Promise.resolve();

  /** Works without the stored data where the database cannot be used. */
  function trying<T>(act: () => T, otherwise: T): T {
    try {
      return act();
    } catch (error) {
      noteUnusable(error);
      return otherwise;
    }
  }

  function noteUnusable(error: unknown): void {
    if (!(error instanceof StoreError)) throw error;
    log.warn({ server: name, err: error }, "remembered tools could not be read or written");
  }

  function current(): Known | null {
    known = known === undefined ? recall() : known;
    return known;
  }

  function recall(): Known | null {
    saved = trying(() => cache.load(definitionHash), null);
    return saved && judged(saved.list, saved.at, false, null);
  }

  /** `isLive` says whether the server has just sent the list; then the first tools that are seen are accepted. */
  function judged(list: ToolList, at: number, isLive: boolean, declared: Declared | null): Known {
    // Without the pins nothing can be compared: every tool counts as changed.
    const accepted = config.pin === "off" ? new Map() : trying(() => pins.load(from, name), null);
    const isBlind = accepted === null;
    const hashed = lazily(() => declared ?? (config.pin === "off" ? new Map() : declaredIn(list.tools)));
    const judge = () => judgePins(config.pin, accepted ?? new Map(), hashed());
    // Hashing hundreds of definitions takes longer than reading them: mere warnings can wait until the server is up.
    if (!isLive && config.pin !== "enforce") {
      const catalog = toListing(config, list, () => false);
      return { list, at, isLive, isDoubtful: false, catalog, findings: lazily(() => judge().findings), declared: null };
    }
    const { firstUse, findings, withheld } = judge();
    if (isLive && accepted !== null && firstUse.length > 0) trying(() => pins.accept(from, name, firstUse), undefined);
    const withholdsAll = isBlind && config.pin === "enforce";
    const listing = toListing(config, list, withholdsAll ? () => true : (tool) => withheld.has(tool));
    const blindness = withholdsAll
      ? [problem("pins_unreadable", "the definitions that were accepted for its tools cannot be read")]
      : [];
    const problems = [...listing.problems, ...findings.map(toProblem), ...blindness];
    const isDoubtful = isBlind || findings.length > 0;
    const catalog = { tools: listing.tools, problems };
    const kept = isDoubtful ? hashed() : null;
    return { list, at, isLive, isDoubtful, catalog, findings: () => findings, declared: kept };
  }

  function toProblem({ accepted, now, withheld }: PinFinding): ServerProblem {
    const tool = qualifiedName(name, now.tool);
    const change = accepted ? "has changed since it was accepted" : "is new since the others were accepted";
    const consequence = withheld ? " and is withheld by pin: enforce" : "";
    const advice = `see it with "${options.command} tools diff ${tool}", accept it with "tools accept ${tool}"`;
    return {
      ...problem(withheld ? "tool_withheld" : "tool_changed", `${tool} ${change}${consequence}: ${advice}`),
      tool,
    };
  }

  function problem(code: string, message: string): ServerProblem {
    return { server: name, code, message };
  }

  /** Keeps an equal catalog as the same object, because other modules cache by its identity. */
  function adopt(next: Known): void {
    const before = current();
    const isSame = before !== null && isDeepStrictEqual(before.catalog, next.catalog);
    known = isSame ? { ...next, catalog: before.catalog } : next;
  }

  async function take(sent: ToolList, mine: number): Promise<void> {
    const list = await keepingSame(current()?.list, await withFaults(sent, redact));
    const declared = config.pin === "off" ? null : await declaredInPieces(list.tools);
    await nextTurn(); // to write megabytes takes long: the pins have a turn of their own
    if (mine !== updates) return newest; // a newer list has overtaken it, and is known soon
    const now = Date.now();
    adopt(judged(list, now, true, declared));
    const isSaved = saved !== null && now - saved.at < SAVE_AGAIN_MS && list === saved.list;
    if (isSaved) return;
    await nextTurn();
    const earlier = saving.catch(() => {}); // its own update tells of its failure
    saving = earlier.then(async () => {
      if (mine !== updates) return;
      saved = { list, at: now };
      await cache.save(definitionHash, list).catch(noteUnusable);
    });
    await saving;
  }

  return {
    get known() {
      return current()?.catalog ?? null;
    },
    get isFresh() {
      return Date.now() - (current()?.at ?? 0) <= FRESH_MS;
    },
    findings: () => current()?.findings() ?? [],
    update(sent) {
      newest = take(sent, ++updates);
      return newest;
    },
    refresh() {
      const before = current();
      if (before?.isDoubtful) adopt(judged(before.list, before.at, before.isLive, before.declared));
    },
  };
}

/**
 * The list with those of its tools that are the same as before as the same objects; the list before itself where all are.
 * So two lists of megabytes are compared once, with pauses.
 */
async function keepingSame(before: ToolList | undefined, list: ToolList): Promise<ToolList> {
  if (!before) return list;
  const pause = createPauses();
  const tools: unknown[] = [];
  for (const [index, tool] of list.tools.entries()) {
    await pause();
    const old = before.tools[index];
    tools.push(isDeepStrictEqual(old, tool) ? old : tool);
  }
  const isSame =
    isDeepStrictEqual({ ...list, tools: [] }, { ...before, tools: [] }) && isSameOrder(tools, before.tools);
  return isSame ? before : { ...list, tools };
}

function isSameOrder(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((item, index) => item === others[index]);
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
