/** The programs for which agent files are written. */
import { AGENTS_HOSTS } from "../../hosts/known-hosts.js";
import type { Vocabulary } from "./definition-folders.js";

const LEGWORK = "legwork";
const OWN_FOLDER = ".legwork/agents";

/** Their short names; legwork is the last. */
export const agentHosts: readonly string[] = [...AGENTS_HOSTS.map(({ id }) => id), LEGWORK];

/** The program for which a file was written, by its folder and its ending; null where these say nothing. */
export function hostOfAgentFile(file: string): string | null {
  if (/\.ya?ml$/.test(file) || file.includes(OWN_FOLDER)) return LEGWORK;
  return AGENTS_HOSTS.find(({ agents }) => file.includes(agents.folder))?.id ?? null;
}

/** The vocabulary of a host's agent files; legwork's own for any other name. */
export function vocabularyOf(host: string): Exclude<Vocabulary, "workflow"> {
  return AGENTS_HOSTS.find(({ id }) => id === host)?.id ?? "agent";
}
