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
