/** The changes between two definitions of a tool, for people. */
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import { visible } from "../../core/visible.js";

const TIMEOUT_MS = 1_000; // the time that comparing takes grows with its square where nothing is the same

/** A unified diff with nothing hidden in it; `accepted` is null for a tool that is new. */
export function diffDefinitions(tool: string, accepted: string | null, now: string): string {
  const names = [accepted === null ? "nothing accepted" : `${tool} accepted`, `${tool} now`] as const;
  const texts = [accepted === null ? "" : toText(accepted), toText(now)] as const;
  const options = { headerOptions: FILE_HEADERS_ONLY, context: 3, timeout: TIMEOUT_MS };
  return createTwoFilesPatch(...names, ...texts, undefined, undefined, options) ?? bothWhole(names, texts);
}

/** Texts of many lines are one line in JSON: broken where they break, so that one changed line does not show them all. */
function toText(definition: string): string {
  const broken = definition.replaceAll(/(?<!\\)((?:\\\\)*)\\n/g, "$1\\n\n");
  return `${broken.split("\n").map(visible).join("\n")}\n`;
}

function bothWhole(names: readonly [string, string], texts: readonly [string, string]): string {
  const marked = (text: string, mark: string) => text.replaceAll(/^(?=.)/gm, mark);
  return `--- ${names[0]}\n+++ ${names[1]}\n${marked(texts[0], "-")}${marked(texts[1], "+")}`;
}
