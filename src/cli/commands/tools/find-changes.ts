/** Tools that differ from their accepted definitions. */
import { ConfigError } from "../../../core/errors.js";
import type { PinFinding, ServerStatus } from "../../../core/ports/downstream.js";
import { qualifiedName } from "../../../core/tools/tool.js";
import { didYouMean } from "../../../lib/nearest.js";

export interface ChangedTool {
  readonly name: string;
  readonly status: ServerStatus;
  readonly finding: PinFinding;
}

/** The changed tools of the named servers, and the named tools that changed, each once; all where none is named. Throws ConfigError. */
export function findChanges(names: readonly string[], servers: readonly ServerStatus[]): readonly ChangedTool[] {
  const all = servers.flatMap((status) =>
    status.pinFindings.map((finding) => ({ name: qualifiedName(status.name, finding.now.tool), status, finding })),
  );
  if (names.length === 0) return all;
  const known = new Set(servers.flatMap((status) => [status.name, ...toolNamesOf(status)]));
  for (const { name } of all) known.add(name);
  for (const name of names)
    if (!known.has(name)) throw new ConfigError(`there is no server or tool "${name}"${didYouMean(name, known)}`);
  return all.filter(({ name, status }) => names.includes(name) || names.includes(status.name));
}

function toolNamesOf({ listing }: ServerStatus): readonly string[] {
  return listing?.tools.map(({ name }) => name) ?? [];
}

/** Servers among the named ones that never listed their tools. */
export function unseenAmong(names: readonly string[], servers: readonly ServerStatus[]): readonly string[] {
  return servers.filter(({ name, listing }) => listing === null && names.includes(name)).map(({ name }) => name);
}

export function changeOf({ finding }: ChangedTool): "changed" | "new" {
  return finding.accepted === null ? "new" : "changed";
}

/** The sentence for names of which nothing has changed. */
export function nothingChanged(names: readonly string[], servers: readonly ServerStatus[]): string {
  const unseen = unseenAmong(names, servers);
  if (unseen.length > 0) return `nothing is known of ${unseen.join(", ")} yet: run "legwork tools" first\n`;
  const which = names.length === 0 ? "" : ` of ${names.join(", ")}`;
  return `nothing${which} has changed since it was accepted, as far as was last seen: "legwork tools" looks again\n`;
}
