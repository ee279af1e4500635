/** Reads the `mcpServers` map of another host. A broken entry does not affect the others; unknown keys are ignored. */

import { MOST } from "../../core/run/limits.js";
import { isRecord } from "../../lib/is-record.js";
import { explainIssue } from "../../lib/issue-text.js";
import type { SourceVariables } from "../servers/expand.js";
import { ServerEntry } from "../servers/server-entry.js";
import { legalServerName, type SourceEntry } from "../servers/server-source.js";

/** A trusted file of the project: its absolute path and its bytes. */
export interface ProjectFile {
  readonly file: string;
  readonly bytes: Uint8Array;
}

export interface ImportOptions extends SourceVariables {
  readonly notices: string[];
}

export type Fields = Readonly<Record<string, unknown>>;

/** A host's entry under our keys, still unchecked, or the reason why it cannot be used. */
export type Translation =
  | { readonly kind: "entry"; readonly entry: Fields }
  | { readonly kind: "broken"; readonly fault: string };

export function unusable(fault: string): Translation {
  return { kind: "broken", fault };
}

interface ServersField {
  readonly file: string;
  /** The field of the file that holds the servers. */
  readonly field: string;
}

/** All entries of a host's map, under legal names. `isOff` tells which of them the host does not use. */
export function readEntries(
  servers: unknown,
  { file, field }: ServersField,
  translate: (fields: Fields) => Translation,
  isOff: (name: string) => boolean,
): readonly SourceEntry[] {
  return Object.entries(fieldsOf(servers)).map(([written, value]) => {
    const name = legalServerName(written);
    const named = { name, field: `${field}.${written}`, ...(name === written ? {} : { writtenName: written }) };
    const disabled = isOff(written) || fieldsOf(value).disabled === true;
    const broken = (reason: string): SourceEntry => {
      const fault = `${file}: ${named.field} ${reason}`;
      return { kind: "broken", ...named, fault, disabled };
    };
    if (!isRecord(value)) return broken("has to be an object");
    const translation = translate(value);
    if (translation.kind === "broken") return broken(translation.fault);
    const fields = Object.entries({ ...translation.entry, disabled });
    const { data, error } = ServerEntry.safeParse(Object.fromEntries(fields.filter(([, item]) => item !== undefined)), {
      reportInput: true,
    });
    if (data) {
      const isEmpty = data.command === undefined && data.url === undefined;
      return isEmpty ? broken('needs a "command" or a "url"') : { kind: "entry", ...named, entry: data };
    }
    const [issue] = error.issues;
    if (!issue || issue.path.length === 0) return broken(issue?.message ?? "is not understood");
    return broken(`cannot be used: ${explainIssue(issue.path.map(String).join("."), issue)}`);
  });
}

/** The fields of an object; none for any other value. */
export function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

/** The texts in a list; none for any other value. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** Turns numbers and booleans among the values into texts, as the hosts do. */
export function asTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asText);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asText(item)]));
}

function asText(value: unknown): unknown {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : value;
}

/** Milliseconds as seconds, at most our limit; undefined for anything but a positive number. */
export function secondsOf(milliseconds: unknown): number | undefined {
  const isTime = typeof milliseconds === "number" && milliseconds > 0;
  return isTime ? Math.min(milliseconds / 1000, MOST.seconds) : undefined;
}

/** The value, or undefined for null and for an empty text. */
export function unlessEmpty(value: unknown): unknown {
  return value === null || value === "" ? undefined : value;
}

export const NO_OAUTH =
  "logs in with OAuth, which legwork does not support: give a token in its headers, in an entry of your own under mcpServers";
