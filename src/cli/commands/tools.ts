/** `legwork tools`: what the downstream servers offer, and what of it has changed since it was accepted. */
import { ConfigError } from "../../core/errors.js";
import type { PinStore } from "../../core/ports/catalog-store.js";
import type { Downstream, PinFinding, ServerStatus } from "../../core/ports/downstream.js";
import { qualifiedName } from "../../core/tools/tool.js";
import { didYouMean } from "../../lib/nearest.js";
import { type CommandEnd, TROUBLE_EXIT } from "../render/command-end.js";
import { toJson, toText } from "../render/show-servers.js";

export interface ToolsDeps {
  readonly downstream: Pick<Downstream, "status" | "acquire">;
  readonly pins: Pick<PinStore, "accept">;
  /** What the configuration left out and how to have it. */
  readonly notices: readonly string[];
}

export interface ToolsOptions {
  /** What stands behind `tools`: names, or `diff` or `accept` and names. */
  readonly words: readonly string[];
  /** Starts nothing. */
  readonly cached: boolean;
  readonly json: boolean;
  /** Characters in a line of the terminal. */
  readonly width: number;
}

/** Throws ConfigError for names that are not there, StoreError. */
export async function tools(options: ToolsOptions, deps: ToolsDeps): Promise<CommandEnd> {
  const [verb = "", ...names] = options.words;
  if (options.json && (verb === "diff" || verb === "accept"))
    throw new ConfigError(`--json belongs to the list of tools: leave it out for legwork tools ${verb}`);
  if (verb === "diff") return { text: await diffTools(names, deps), exitCode: 0 };
  if (verb === "accept") return { text: acceptTools(names, deps), exitCode: 0 };
  return listTools(options, deps);
}

async function listTools({ words, cached, json, width }: ToolsOptions, deps: ToolsDeps): Promise<CommandEnd> {
  const all = deps.downstream.status().map(({ name }) => name);
  for (const name of words)
    if (!all.includes(name)) throw new ConfigError(`there is no server "${name}"${didYouMean(name, all)}`);
  const chosen = words.length === 0 ? all : words;
  if (!cached) await deps.downstream.acquire(chosen).settled; // they stay up until the pool is closed
  const servers = deps.downstream.status().filter(({ name }) => chosen.includes(name));
  const isTroubled = servers.some(({ problem }) => problem !== null);
  return {
    text: json ? toJson(servers, deps.notices) : toText(servers, deps.notices, width),
    exitCode: isTroubled ? TROUBLE_EXIT : 0,
  };
}

async function diffTools(names: readonly string[], { downstream }: ToolsDeps): Promise<string> {
  const servers = downstream.status();
  const found = findingsOf(names, servers);
  if (found.length === 0) return nothingFound(names, servers);
  const { diffDefinitions } = await import("../render/diff-definitions.js");
  return found
    .map(({ name, finding }) => diffDefinitions(name, finding.accepted?.definition ?? null, finding.now.definition))
    .join("\n");
}

function acceptTools(names: readonly string[], { downstream, pins }: ToolsDeps): string {
  if (names.length === 0) throw new ConfigError("say what to accept: legwork tools accept SERVER or SERVER__TOOL …");
  const servers = downstream.status();
  const found = findingsOf(names, servers);
  if (found.length === 0) return nothingFound(names, servers);
  for (const server of servers) {
    const accepted = found.filter(({ status }) => status === server).map(({ finding }) => finding.now);
    if (accepted.length > 0) pins.accept(server.from, server.name, accepted);
  }
  const lines = found.map(
    ({ name, finding }) => `accepted ${name}, which ${finding.accepted ? "had changed" : "was new"}\n`,
  );
  return `${lines.join("")}The next run has it.\n`;
}

interface Found {
  readonly name: string;
  readonly status: ServerStatus;
  readonly finding: PinFinding;
}

/** The findings that names of servers and tools ask for, each once; all where no name is given. Throws ConfigError. */
function findingsOf(names: readonly string[], servers: readonly ServerStatus[]): readonly Found[] {
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

function nothingFound(names: readonly string[], servers: readonly ServerStatus[]): string {
  const unseen = servers
    .filter(({ name, listing }) => listing === null && names.includes(name))
    .map(({ name }) => name);
  if (unseen.length > 0) return `nothing is known of ${unseen.join(", ")} yet: run "legwork tools" first\n`;
  const which = names.length === 0 ? "" : ` of ${names.join(", ")}`;
  return `nothing${which} has changed since it was accepted, as far as was last seen: "legwork tools" looks again\n`;
}
