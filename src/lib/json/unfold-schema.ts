/** Local references of JSON Schemas: their targets, and the size of a schema in which they are replaced by these. */

/** The counts of a schema; infinite where they have no bound. */
export interface SchemaSize {
  /** Its values, those behind references counted for each reference. */
  readonly values: number;
  /** The sum of `textWeight` over its objects, counted likewise. */
  readonly text: number;
  /** The characters of its names and texts, counted likewise. */
  readonly characters: number;
  readonly levels: number;
}

/** The share of one object in the size of its schema, without the values in it; null for none. */
export type OwnSize = (
  node: Readonly<Record<string, unknown>>,
  isRoot: boolean,
) => Pick<SchemaSize, "values" | "text"> | null;

const ENDLESS: SchemaSize = {
  values: Number.POSITIVE_INFINITY,
  text: Number.POSITIVE_INFINITY,
  characters: Number.POSITIVE_INFINITY,
  levels: 0,
};
const PLAIN: SchemaSize = { values: 1, text: 0, characters: 0, levels: 1 };
const MOST_LEVELS = 400; // of nesting through references; a deeper schema counts as endless, because the walk recurses

/**
 * Visits each object once, however often it is referred to. Endless where a reference leads back into itself or is not
 * local, and where the nesting is too deep to be walked.
 */
export function unfoldedSize(schema: unknown, ownSize: OwnSize = () => null): SchemaSize {
  const known = new Map<unknown, SchemaSize>();
  const targets = new Map<string, unknown>();

  function sizeOf(value: unknown, depth: number): SchemaSize {
    if (typeof value !== "object" || value === null) return PLAIN;
    if (depth > MOST_LEVELS) return ENDLESS;
    const found = known.get(value);
    if (found) return found;
    known.set(value, ENDLESS); // until it is known: a reference that leads back here has no end
    const size = sizeOfObject(value as Readonly<Record<string, unknown>>, depth);
    known.set(value, size);
    return size;
  }

  function sizeOfObject(node: Readonly<Record<string, unknown>>, depth: number): SchemaSize {
    const own = ownSize(node, depth === 0);
    let values = 1 + (own?.values ?? 0);
    let text = own?.text ?? 0;
    let characters = 0;
    let levels = 1;
    const add = (size: SchemaSize) => {
      values += size.values;
      text += size.text;
      characters += size.characters;
      if (size.levels >= levels) levels = size.levels + 1;
    };
    for (const key of Object.keys(node)) {
      const value = node[key];
      characters += key.length + (typeof value === "string" ? value.length : 0);
      add(sizeOf(value, depth + 1));
    }
    if (typeof node.$ref === "string") {
      const target = targetOf(node.$ref);
      add(target === undefined ? ENDLESS : sizeOf(target, depth + 1));
    }
    return { values, text, characters, levels };
  }

  /** Resolves each reference once: it may be long, and met often. */
  function targetOf(reference: string): unknown {
    if (!targets.has(reference)) targets.set(reference, pointerTarget(reference, schema));
    return targets.get(reference);
  }

  return sizeOf(schema, 0);
}

/** The value in `root` that a JSON pointer such as `#/$defs/name` points to; undefined where there is none, and for a reference to another document. */
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
