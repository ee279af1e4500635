/** Replaces texts in a text; pure. */
import { Refusal } from "../refusal.js";

export interface Edit {
  readonly oldText: string;
  readonly newText: string;
}

export function withLineFeeds(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

/** Each edit replaces the first place where its text stands; else the first lines that differ only in their blanks. Throws Refusal. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  return edits.reduce((current, edit) => {
    const [oldText, newText] = [withLineFeeds(edit.oldText), withLineFeeds(edit.newText)];
    if (current.includes(oldText)) return current.replace(oldText, () => newText);
    const replaced = replaceLines(current, oldText, newText);
    if (replaced === null) throw new Refusal(`Could not find exact match for edit:\n${edit.oldText}`);
    return replaced;
  }, text);
}

function replaceLines(text: string, oldText: string, newText: string): string | null {
  const lines = text.split("\n");
  const oldLines = oldText.split("\n");
  const bare = lines.map((line) => line.trim());
  const oldBare = oldLines.map((line) => line.trim());
  const last = lines.length - oldLines.length;
  const at = bare.findIndex(
    (_, start) => start <= last && oldBare.every((line, offset) => line === bare[start + offset]),
  );
  if (at < 0) return null;
  const indent = indentOf(lines[at] ?? "");
  const newLines = newText.split("\n").map((line, index) => {
    if (index === 0) return indent + line.trimStart();
    const [was, is] = [indentOf(oldLines[index] ?? ""), indentOf(line)];
    if (was === "" || is === "") return line;
    return indent + " ".repeat(Math.max(0, is.length - was.length)) + line.trimStart();
  });
  return lines.toSpliced(at, oldLines.length, ...newLines).join("\n");
}

function indentOf(line: string): string {
  return /^\s*/.exec(line)?.[0] ?? "";
}
