/** Reads somebody else's `mcpServers`: each entry is judged by itself, and keys that mean nothing to us are passed over. */

import { MOST } from "../../core/run/limits.js";
import { explainIssue } from "../../lib/issue-text.js";
import { ServerEntry } from "../servers/server-entry.js";
import { legalServerName, type SourceEntry } from "../servers/server-source.js";

export type Fields = Readonly<Record<string, unknown>>;

/** A host's entry with our keys, still unchecked, or why it cannot be used. */
export type Translation = { readonly entry: Fields } | { readonly fault: string };

/** `place` is the file, and within it what holds the servers. */
interface ServersPlace {
  readonly file: string;
  readonly field: string;
}

/** Every entry of a host's map, with our names; `isOff` says which its host does not use. */
export function readServers(
  servers: unknown,
  { file, field }: ServersPlace,
  translate: (fields: Fields) => Translation,
  isOff: (name: string) => boolean,
): readonly SourceEntry[] {
  return Object.entries(fieldsOf(servers)).map(([written, value]) => {
    const named = { name: legalServerName(written), field: `${field}.${written}` };
    const disabled = isOff(written) || fieldsOf(value).disabled === true;
    const broken = (fault: string) => ({ ...named, entry: null, disabled, fault: `${file}: ${named.field} ${fault}` });
    if (!isFields(value)) return broken("has to be an object");
    const translation = translate(value);
    if ("fault" in translation) return broken(translation.fault);
    const fields = Object.entries({ ...translation.entry, disabled });
    const { data, error } = ServerEntry.safeParse(Object.fromEntries(fields.filter(([, item]) => item !== undefined)), {
      reportInput: true,
    });
    if (data) {
      const isEmpty = data.command === undefined && data.url === undefined;
      return isEmpty ? broken('needs a "command" or a "url"') : { ...named, entry: data };
    }
    const [issue] = error.issues;
    if (!issue || issue.path.length === 0) return broken(issue?.message ?? "is not understood");
    return broken(`cannot be used: ${explainIssue(issue.path.map(String).join("."), issue)}`);
  });
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The fields of an object; of anything else, none. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** The texts of a list; of anything else, none. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** Numbers and truth values among the values as texts, as the hosts pass them on. */
export function asTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asText);
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asText(item)]));
}

function asText(value: unknown): unknown {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : value;
}

/** Milliseconds as seconds, within what we allow; nothing where they are no time at all. */
export function secondsOf(milliseconds: unknown): number | undefined {
  const isTime = typeof milliseconds === "number" && milliseconds > 0;
  return isTime ? Math.min(milliseconds / 1000, MOST.seconds) : undefined;
}

/** A field that is there and says something. */
export function given(value: unknown): unknown {
  return value === null || value === "" ? undefined : value;
}

export const NO_OAUTH =
  "logs in with OAuth, which legwork does not do: give a token in its headers, in an entry of your own under mcpServers";
