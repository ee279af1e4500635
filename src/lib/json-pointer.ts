/** JSON pointers in URI fragments, such as `#/$defs/name`. */

/** The value in `root` that a reference points to; undefined where there is none, and for a reference to another document. */
export function pointerTarget(reference: string, root: unknown): unknown {
  if (reference !== "#" && !reference.startsWith("#/")) return undefined;
  let target = root;
  for (const step of reference.split("/").slice(1)) {
    const key = percentDecoded(step).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof target !== "object" || target === null || !Object.hasOwn(target, key)) return undefined;
    target = Reflect.get(target, key);
  }
  return target;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a "%" that stands for itself
  }
}
