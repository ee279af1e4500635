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
    // Half a surrogate pair would not come back from disk. The hashed text would take more than twice the room on disk.
    return { tool: name.toWellFormed(), hash: sha256(readable(definition)), definition: JSON.stringify(definition) };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The text of a definition that is hashed. */
export function readable(definition: object): string {
  return JSON.stringify(definition, null, 2);
}

/** The fields that a model or a host sees; the keys in them do not depend on the order in which the server wrote them. */
export function definitionOf(raw: Readonly<Record<string, unknown>>): object {
  const { name, title, description, inputSchema, outputSchema, annotations } = raw;
  const fields = { name, title, description, inputSchema, outputSchema, annotations };
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, inOrder(value)]));
}

/** The value with its keys sorted. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, inOrder(inner)]));
}
