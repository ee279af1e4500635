/** Tells, by its name or its text, whether a value is likely to be a path. */

const PATH_WORDS = new Set(
  "path paths file files filename filenames filepath dir directory folder source src destination dest dst target uri".split(
    " ",
  ),
);

/** Whether an argument of this name holds paths. */
export function isPathName(name: string): boolean {
  const words = name
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.some((word) => PATH_WORDS.has(word));
}

/** Whether a text looks like a path: it has a slash, begins with a dot, or ends like the name of a file. */
export function isPathText(text: string): boolean {
  if (/\s/.test(text) || /^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text.startsWith("file:");
  return (
    text.includes("/") || /^\.[^.\d]/.test(text) || /^[^.]+(\.[A-Za-z0-9_-]+)*\.[A-Za-z][A-Za-z0-9]{0,7}$/.test(text)
  );
}

/** Which part of a path a text would be. */
export type Part = "whole" | "start" | "end" | "inner";

/** Whether the place of a file, as path() gives it, can have a text as this part: its names are neither empty nor dots. */
export function pathsHave(text: string, part: Part): boolean {
  if (part === "whole" && text === ".") return true;
  const names = text.split("/");
  const isOpen = (index: number) =>
    (index === 0 && (part === "end" || part === "inner")) ||
    (index === names.length - 1 && (part === "start" || part === "inner"));
  return names.every((name, index) => isOpen(index) || !["", ".", ".."].includes(name));
}
