/** The sources of context that a caller can name. */
import { didYouMean } from "../../lib/nearest.js";
import { cutTo } from "../../lib/text.js";

export type ContextSource =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "run"; readonly runId: string }
  /** The last `messages` messages of a run. */
  | { readonly kind: "transcript"; readonly runId: string; readonly messages: number }
  | { readonly kind: "text"; readonly text: string };

/** A text that names no source, and why. */
interface NoSource {
  readonly kind: "none";
  readonly fault: string;
}

const KINDS = ["file", "run", "transcript", "text"] as const satisfies readonly ContextSource["kind"][];
export const MOST_SOURCES = 20;
const MOST_MESSAGES = 100; // of one transcript

/** Parses `kind:rest`. */
export function parseSource(written: string): ContextSource | NoSource {
  const colon = written.indexOf(":");
  const rest = written.slice(colon + 1);
  switch (colon === -1 ? null : written.slice(0, colon)) {
    case "file":
      return rest === ""
        ? { kind: "none", fault: "it names no file: write file:<path in the project>" }
        : { kind: "file", path: rest };
    case "run":
      return rest === ""
        ? { kind: "none", fault: "it names no run: write run:<run_id>" }
        : { kind: "run", runId: rest };
    case "transcript":
      return parseTranscript(rest);
    case "text":
      return rest.trim() === ""
        ? { kind: "none", fault: "it is empty: write text:<anything>" }
        : { kind: "text", text: rest };
    default:
      return unknownKind(colon === -1 ? written : written.slice(0, colon));
  }
}

function parseTranscript(rest: string): ContextSource | NoSource {
  const [, runId = "", count = ""] = /^([^:]+):(\d+)$/.exec(rest) ?? [];
  const messages = Number(count);
  if (runId === "" || messages < 1 || messages > MOST_MESSAGES)
    return { kind: "none", fault: `write transcript:<run_id>:<its last messages, 1 to ${MOST_MESSAGES}>` };
  return { kind: "transcript", runId, messages };
}

function unknownKind(word: string): NoSource {
  const known = KINDS.map((kind) => `${kind}:`);
  return {
    kind: "none",
    fault: `it has to begin with ${known.join(", ").replace(/, ([^,]*)$/, " or $1")}${didYouMean(cutTo(word, 40), KINDS)}`,
  };
}
