/** The servers of one file, before merging and before expansion of variables. */
import { sha256 } from "../../lib/hash.js";
import type { Variables } from "./expand.js";
import { LONGEST_SERVER_NAME, type ServerEntry, ServerName } from "./server-entry.js";

/** The shipped file server. Only config.yaml may define a server of this name, because it alone guards the project. */
export const WORKSPACE = "workspace";

export interface ServerSource {
  readonly file: string;
  readonly variables: Variables;
  readonly entries: readonly SourceEntry[];
}

interface NamedEntry {
  readonly name: string;
  /** The name in its file, where that is not legal here. */
  readonly writtenName?: string;
  /** The path in its file, such as `mcpServers.github`. */
  readonly field: string;
}

/** An entry, or the reason why it cannot be used. */
export type SourceEntry = NamedEntry &
  (
    | { readonly kind: "entry"; readonly entry: ServerEntry }
    | { readonly kind: "broken"; readonly fault: string; readonly disabled: boolean }
  );

const HASH_LENGTH = 6; // hexadecimal digits: enough to tell the names in a person's files apart

/** The name itself where it is legal, else a legal name with a hash that keeps it stable and distinct. */
export function legalServerName(name: string): string {
  if (ServerName.safeParse(name).success && name !== WORKSPACE) return name;
  const hash = sha256(name).slice(0, HASH_LENGTH);
  const readable = name
    .replace(/[^A-Za-z0-9_-]+/g, "-")
    .replace(/_{2,}/g, "_")
    .slice(0, LONGEST_SERVER_NAME - HASH_LENGTH - 1)
    .replace(/^[_-]+|[_-]+$/g, "");
  return `${readable || "server"}-${hash}`;
}
