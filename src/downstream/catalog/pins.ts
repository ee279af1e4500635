/** Compares a server's tools with their pins, the definitions that the user accepted. */
import type { PinMode } from "../../core/definitions/server-config.js";
import type { Pin } from "../../core/ports/catalog-store.js";
import type { PinFinding } from "../../core/ports/downstream.js";
import { sha256 } from "../../lib/hash.js";
import { isRecord } from "../../lib/is-record.js";
import { createPauses } from "../../lib/pauses.js";

export interface PinJudgement {
  /** The tools that differ from their pins or have none, in the server's order. */
  readonly findings: readonly PinFinding[];
  /** The tools to accept now without asking: all tools of a server without pins. */
  readonly firstUse: readonly Pin[];
  /** The server's own names of the tools that the catalog must not have: they are not accepted, or cannot be hashed. */
  readonly withheld: ReadonlySet<string>;
}

const NOTHING: PinJudgement = { findings: [], firstUse: [], withheld: new Set() };

/** Tools as their server declares them now, by its own names for them, in its order. Null for a tool that cannot be hashed. */
export type Declared = ReadonlyMap<string, Pin | null>;

/** Judges the tools that a server declares now by what the user accepted. */
export function judgePins(mode: PinMode, pins: ReadonlyMap<string, Pin>, declared: Declared): PinJudgement {
  if (mode === "off") return NOTHING;
  const findings: PinFinding[] = [];
  const firstUse: Pin[] = [];
  const withheld = new Set<string>();
  for (const [name, now] of declared) {
    const accepted = pins.get(name.toWellFormed()) ?? null;
    if (now === null) withheld.add(name);
    else if (pins.size === 0) firstUse.push(now);
    else if (accepted?.hash !== now.hash) {
      findings.push({ accepted, now, withheld: mode === "enforce" });
      if (mode === "enforce") withheld.add(name);
    }
  }
  return { findings, firstUse, withheld };
}

/** Hashes the tools of a list; of several with one name the first counts, as in the catalog. */
export function declaredIn(rawTools: readonly unknown[]): Declared {
  const declared = new Map<string, Pin | null>();
  for (const raw of rawTools) addTo(declared, raw);
  return declared;
}

/** The same with pauses, for a list of any size. */
export async function declaredInPieces(rawTools: readonly unknown[]): Promise<Declared> {
  const pause = createPauses();
  const declared = new Map<string, Pin | null>();
  for (const raw of rawTools) {
    await pause();
    addTo(declared, raw);
  }
  return declared;
}

function addTo(declared: Map<string, Pin | null>, raw: unknown): void {
  if (!isRecord(raw) || typeof raw.name !== "string" || declared.has(raw.name)) return;
  declared.set(raw.name, toPin(raw.name, raw));
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
