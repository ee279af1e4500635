/** Compares a server's tools with their pins, the definitions that the user accepted. */
import type { PinMode } from "../../core/definitions/server-config.js";
import type { Pin } from "../../core/ports/catalog-store.js";
import type { PinFinding } from "../../core/ports/downstream.js";
import { sha256 } from "../../lib/hash.js";
import { isRecord } from "../../lib/is-record.js";

export interface PinJudgement {
  /** The tools that differ from their pins or have none, in the server's order. */
  readonly findings: readonly PinFinding[];
  /** The tools to accept now without asking: all tools of a server without pins. */
  readonly firstUse: readonly Pin[];
  /** The server's own names of the tools that the catalog must not have: they are not accepted, or cannot be hashed. */
  readonly withheld: ReadonlySet<string>;
}

const NOTHING: PinJudgement = { findings: [], firstUse: [], withheld: new Set() };

/** Judges the first of several tools with one name, as the catalog does. */
export function judgePins(mode: PinMode, pins: ReadonlyMap<string, Pin>, rawTools: readonly unknown[]): PinJudgement {
  if (mode === "off") return NOTHING;
  const findings: PinFinding[] = [];
  const firstUse: Pin[] = [];
  const withheld = new Set<string>();
  const seen = new Set<string>();
  for (const raw of rawTools) {
    if (!isRecord(raw) || typeof raw.name !== "string" || seen.has(raw.name)) continue;
    seen.add(raw.name);
    const now = toPin(raw.name, raw);
    const accepted = pins.get(raw.name.toWellFormed()) ?? null;
    if (now === null) withheld.add(raw.name);
    else if (pins.size === 0) firstUse.push(now);
    else if (accepted?.hash !== now.hash) {
      findings.push({ accepted, now, withheld: mode === "enforce" });
      if (mode === "enforce") withheld.add(raw.name);
    }
  }
  return { findings, firstUse, withheld };
}

/** Null for a tool that is nested too deeply to be written as JSON: its changes would go unseen. */
function toPin(name: string, raw: Readonly<Record<string, unknown>>): Pin | null {
  try {
    const definition = definitionOf(raw);
    return { tool: name.toWellFormed(), hash: sha256(definition), definition }; // half a surrogate pair would not come back from disk
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The fields that a model or a host sees, as readable JSON that does not depend on the order in which the server wrote them. */
export function definitionOf(raw: Readonly<Record<string, unknown>>): string {
  const { name, title, description, inputSchema, outputSchema, annotations } = raw;
  const defined = { name, title, description, inputSchema, outputSchema, annotations };
  return JSON.stringify(defined, (_key, value: unknown) => (isRecord(value) ? inOrder(value, defined) : value), 2);
}

/** Sorts the keys, except those of the definition itself, which keep a readable order. */
function inOrder(value: Readonly<Record<string, unknown>>, defined: object): object {
  if (value === defined) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
}
