/** The sources of context that a caller can name. */
import { didYouMean } from "../../lib/nearest.js";
import { cutTo } from "../../lib/text.js";

export type ContextSource =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "run"; readonly runId: string }
  /** The last `messages` messages of a run. */
  | { readonly kind: "transcript"; readonly runId: string; readonly messages: number }
  | { readonly kind: "text"; readonly text: string };

const KINDS = ["file", "run", "transcript", "text"] as const satisfies readonly ContextSource["kind"][];
export const MOST_SOURCES = 20;
const MOST_MESSAGES = 100; // of one transcript

/** Parses `kind:rest`; `fault` says why it names no source. */
export function parseSource(written: string): ContextSource | { readonly fault: string } {
  const colon = written.indexOf(":");
  const rest = written.slice(colon + 1);
  switch (colon === -1 ? null : written.slice(0, colon)) {
    case "file":
      return rest === ""
        ? { fault: "it names no file: write file:<path in the project>" }
        : { kind: "file", path: rest };
    case "run":
      return rest === "" ? { fault: "it names no run: write run:<run_id>" } : { kind: "run", runId: rest };
    case "transcript":
      return parseTranscript(rest);
    case "text":
      return rest.trim() === "" ? { fault: "it is empty: write text:<anything>" } : { kind: "text", text: rest };
    default:
      return unknownKind(colon === -1 ? written : written.slice(0, colon));
  }
}

function parseTranscript(rest: string): ContextSource | { readonly fault: string } {
  const [, runId = "", count = ""] = /^([^:]+):(\d+)$/.exec(rest) ?? [];
  const messages = Number(count);
  if (runId === "" || messages < 1 || messages > MOST_MESSAGES)
    return { fault: `write transcript:<run_id>:<its last messages, 1 to ${MOST_MESSAGES}>` };
  return { kind: "transcript", runId, messages };
}

function unknownKind(word: string): { readonly fault: string } {
  const known = KINDS.map((kind) => `${kind}:`);
  return {
    fault: `it has to begin with ${known.join(", ").replace(/, ([^,]*)$/, " or $1")}${didYouMean(cutTo(word, 40), KINDS)}`,
  };
}
