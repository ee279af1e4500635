/** What is known of one server's tools: remembered from earlier, learned when it is up, held against what was accepted. */
import { isDeepStrictEqual } from "node:util";
import type { ServerConfig } from "../../core/definitions/server-config.js";
import { StoreError } from "../../core/errors.js";
import type { ToolList } from "../../core/ports/catalog-store.js";
import type { Catalog, PinFinding, ServerProblem } from "../../core/ports/downstream.js";
import { qualifiedName } from "../../core/tools/tool.js";
import type { DownstreamOptions } from "../connection/downstream-options.js";
import { toListing, withFaults } from "./listing.js";
import { judgePins } from "./pins.js";

const FRESH_MS = 24 * 60 * 60_000; // what was seen longer ago is asked for again before anything is decided on it
const SAVE_AGAIN_MS = 60 * 60_000; // the same list, so that it stays fresh without a write at each start

export interface ToolMemory {
  /** Null where nothing is known; the same object while nothing changes. */
  readonly known: Catalog | null;
  /** Whether that was seen lately enough to decide on it. */
  readonly isFresh: boolean;
  /** Tools that are not as they were accepted. */
  findings(): readonly PinFinding[];
  /** Takes the list that the server has just given, and keeps it for later. */
  learn(list: ToolList): void;
  /** Looks again at what is accepted, where something was not. */
  refresh(): void;
}

interface Known {
  readonly list: ToolList;
  /** When the server said so, in Unix milliseconds. */
  readonly at: number;
  /** Whether the server has said so to this process. */
  readonly isLive: boolean;
  /** Whether a look at what is accepted may change it: something is not, or that could not be read. */
  readonly isDoubtful: boolean;
  readonly catalog: Catalog;
  findings(): readonly PinFinding[];
}

/** Reads what was remembered when it is first asked for. */
export function createToolMemory(config: ServerConfig, options: DownstreamOptions): ToolMemory {
  const { cache, pins, redact, log } = options;
  const { name, from, definitionHash } = config;
  let known: Known | null | undefined;
  let saved: { readonly list: ToolList; readonly at: number } | null = null;

  /** A database that cannot be used costs the memory, and must not cost the server. */
  function trying<T>(act: () => T, otherwise: T): T {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      log.warn({ server: name, err: error }, "remembered tools could not be read or written");
      return otherwise;
    }
  }

  function current(): Known | null {
    known = known === undefined ? recall() : known;
    return known;
  }

  function recall(): Known | null {
    saved = trying(() => cache.load(definitionHash), null);
    return saved && judged(saved.list, saved.at, false);
  }

  /** `isLive` is whether the server has just said so: what is first seen then is what is accepted. */
  function judged(list: ToolList, at: number, isLive: boolean): Known {
    // Without the accepted definitions nothing can be held against them: then everything counts as changed.
    const accepted = config.pin === "off" ? new Map() : trying(() => pins.load(from, name), null);
    const isBlind = accepted === null;
    const judge = () => judgePins(config.pin, accepted ?? new Map(), list.tools);
    // Hashing hundreds of definitions takes longer than reading them: what only warns can wait for the server itself.
    if (!isLive && config.pin !== "enforce") {
      const catalog = toListing(config, list, () => false);
      return { list, at, isLive, isDoubtful: false, catalog, findings: lazily(() => judge().findings) };
    }
    const { firstUse, findings, withheld } = judge();
    if (isLive && accepted !== null && firstUse.length > 0) trying(() => pins.accept(from, name, firstUse), undefined);
    const withholdsAll = isBlind && config.pin === "enforce";
    const listing = toListing(config, list, withholdsAll ? () => true : (tool) => withheld.has(tool));
    const blindness = withholdsAll ? [problem("pins_unreadable", "what was accepted of its tools cannot be read")] : [];
    const problems = [...listing.problems, ...findings.map(toProblem), ...blindness];
    const isDoubtful = isBlind || findings.length > 0;
    return { list, at, isLive, isDoubtful, catalog: { tools: listing.tools, problems }, findings: () => findings };
  }

  function toProblem({ accepted, now, withheld }: PinFinding): ServerProblem {
    const tool = qualifiedName(name, now.tool);
    const what = accepted ? "has changed since it was accepted" : "is new since the others were accepted";
    const consequence = withheld ? " and is withheld" : "";
    const advice = `see it with "${options.command} tools diff ${tool}", accept it with "tools accept ${tool}"`;
    return {
      ...problem(withheld ? "tool_withheld" : "tool_changed", `${tool} ${what}${consequence}: ${advice}`),
      tool,
    };
  }

  function problem(code: string, message: string): ServerProblem {
    return { server: name, code, message };
  }

  /** Others cache the catalog by its identity. */
  function adopt(next: Known): void {
    const before = current();
    const isSame = before !== null && isDeepStrictEqual(before.catalog, next.catalog);
    known = isSame ? { ...next, catalog: before.catalog } : next;
  }

  return {
    get known() {
      return current()?.catalog ?? null;
    },
    get isFresh() {
      return Date.now() - (current()?.at ?? 0) <= FRESH_MS;
    },
    findings: () => current()?.findings() ?? [],
    learn(given) {
      const list = withFaults(redact.value(given));
      const now = Date.now();
      adopt(judged(list, now, true));
      const isSaved = saved !== null && now - saved.at < SAVE_AGAIN_MS && isDeepStrictEqual(list, saved.list);
      if (isSaved) return;
      saved = { list, at: now };
      trying(() => cache.save(definitionHash, list), undefined);
    },
    refresh() {
      const before = current();
      if (before?.isDoubtful) adopt(judged(before.list, before.at, before.isLive));
    },
  };
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
