/** Replaces texts in a text; pure. */
import { Refusal } from "../refusal.js";
import { findSequence } from "./find-sequence.js";
import { type Lines, replacePart, withLineFeeds } from "./line-ends.js";

export interface Edit {
  readonly oldText: string;
  readonly newText: string;
}

/** Each edit replaces the first place where its text stands; else the first lines that differ only in their blanks. Throws Refusal. */
export function applyEdits(lines: Lines, edits: readonly Edit[]): Lines {
  return edits.reduce((current, edit) => {
    const [oldText, newText] = [withLineFeeds(edit.oldText), withLineFeeds(edit.newText)];
    const at = findSequence(current.text, oldText);
    if (at >= 0) return replacePart(current, at, at + oldText.length, newText);
    const replaced = replaceLines(current, oldText, newText);
    if (replaced === null) throw new Refusal(`Could not find exact match for edit:\n${edit.oldText}`);
    return replaced;
  }, lines);
}

function replaceLines(whole: Lines, oldText: string, newText: string): Lines | null {
  const lines = whole.text.split("\n");
  const oldLines = oldText.split("\n");
  const bare = lines.map((line) => line.trim());
  const oldBare = oldLines.map((line) => line.trim());
  const at = findSequence(bare, oldBare);
  if (at < 0) return null;
  const indent = indentOf(lines[at] ?? "");
  const newLines = newText.split("\n").map((line, index) => {
    if (index === 0) return indent + line.trimStart();
    const [was, is] = [indentOf(oldLines[index] ?? ""), indentOf(line)];
    if (was === "" || is === "") return line;
    return indent + " ".repeat(Math.max(0, is.length - was.length)) + line.trimStart();
  });
  const start = lines.slice(0, at).reduce((sum, line) => sum + line.length + 1, 0);
  const { length } = lines.slice(at, at + oldLines.length).join("\n");
  return replacePart(whole, start, start + length, newLines.join("\n"));
}

function indentOf(line: string): string {
  return /^\s*/.exec(line)?.[0] ?? "";
}
