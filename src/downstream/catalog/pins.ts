/** Pins: whether a server's tools are still what the user accepted. */
import { createHash } from "node:crypto";
import type { PinMode } from "../../core/definitions/server-config.js";
import type { Pin } from "../../core/ports/catalog-store.js";
import type { PinFinding } from "../../core/ports/downstream.js";
import { isRecord } from "../transport/wire.js";

export interface PinJudgement {
  /** Tools that are not as accepted, in the server's order. */
  readonly findings: readonly PinFinding[];
  /** Tools to accept now, without being asked: those of a server of which nothing was accepted before. */
  readonly firstUse: readonly Pin[];
  /** The server's own names of the tools that the catalog must not have: nobody accepted them, or nobody can see what they are. */
  readonly withheld: ReadonlySet<string>;
}

const NOTHING: PinJudgement = { findings: [], firstUse: [], withheld: new Set() };

/** Of several tools with one name the first counts, as in the catalog. */
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

/** Null for a tool that is nested too deeply to be written, and so could change unseen. */
function toPin(name: string, raw: Readonly<Record<string, unknown>>): Pin | null {
  try {
    const definition = definitionOf(raw);
    return { tool: name.toWellFormed(), hash: hashOf(definition), definition }; // half a pair would not come back from disk
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** All that a model or a host is led by, as readable JSON that is the same in whatever order the server wrote it. */
export function definitionOf(raw: Readonly<Record<string, unknown>>): string {
  const { name, title, description, inputSchema, outputSchema, annotations } = raw;
  const defined = { name, title, description, inputSchema, outputSchema, annotations };
  return JSON.stringify(defined, (_key, value: unknown) => (isRecord(value) ? inOrder(value, defined) : value), 2);
}

/** Our own fields stay in the order in which people read them. */
function inOrder(value: Readonly<Record<string, unknown>>, defined: object): object {
  if (value === defined) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** SHA-256 in hexadecimal. */
export function hashOf(definition: string): string {
  return createHash("sha256").update(definition).digest("hex");
}
