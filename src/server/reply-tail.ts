/** The end of a reply that is on its way, as a progress message shows it. */
import type { ModelActivity } from "../core/ports/provider.js";

const SHOWN = 60; // characters
const KEPT = 4_000; // characters: a secret that begins before the shown ones must be seen whole to be taken out

export interface ReplyTail {
  add(activity: ModelActivity): void;
  clear(): void;
  /** Whole words only: the last one may be the beginning of a secret. */
  text(redact: (text: string) => string): string;
}

export function createReplyTail(): ReplyTail {
  let kind: ModelActivity["kind"] = "text";
  let kept = "";
  return {
    add(activity) {
      if (activity.kind !== kind || activity.kind === "call") kept = "";
      kind = activity.kind;
      kept = (kept + activity.text).slice(-KEPT);
    },
    clear() {
      kept = "";
    },
    text(redact) {
      if (kind === "wait") return "waits for the rate limit of its API key";
      if (kind === "call") return `asks for ${redact(kept)}`;
      const words = redact(kept.slice(0, kept.search(/\S*$/)))
        .replace(/\s+/g, " ")
        .trim();
      const end = words.length > SHOWN ? `…${words.slice(-SHOWN).replace(/^\S*\s/, "")}` : words;
      const verb = kind === "thinking" ? "thinks" : "writes";
      return end === "" ? verb : `${verb}: ${end}`;
    },
  };
}
