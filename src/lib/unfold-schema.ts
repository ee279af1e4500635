/** The size of a JSON Schema whose local references are replaced by the schemas that they point to. */
import { pointerTarget } from "./json-pointer.js";

/** What a schema costs, as far as it can be counted; infinite where it cannot. */
export interface SchemaSize {
  /** Its values, those behind references counted for each reference. */
  readonly values: number;
  /** The sum of `textWeight` over its objects, counted likewise. */
  readonly text: number;
  readonly levels: number;
}

/** What one object of a schema adds to its size, without the values in it. */
export type OwnSize = (node: Readonly<Record<string, unknown>>, isRoot: boolean) => Omit<SchemaSize, "levels">;

const ENDLESS: SchemaSize = { values: Number.POSITIVE_INFINITY, text: Number.POSITIVE_INFINITY, levels: 0 };
const MOST_LEVELS = 400; // of nesting through references; what is deeper counts as endless, as the walk recurses
const LONGEST_REFERENCE = 1_000; // characters; a long one that is followed often takes long to resolve

const noOwnSize: OwnSize = () => ({ values: 0, text: 0 });

/**
 * Visits each object once, however often it is referred to. Endless where a reference leads back into itself or is not
 * local, and where the nesting is too deep to be walked.
 */
export function unfoldedSize(schema: unknown, ownSize: OwnSize = noOwnSize): SchemaSize {
  const known = new Map<object, SchemaSize>();

  function sizeOf(value: unknown, depth: number): SchemaSize {
    if (typeof value !== "object" || value === null) return { values: 1, text: 0, levels: 1 };
    if (depth > MOST_LEVELS) return ENDLESS;
    const found = known.get(value);
    if (found) return found;
    known.set(value, ENDLESS); // until it is known: a reference that leads back here has no end
    const size = sizeOfObject(value, depth);
    known.set(value, size);
    return size;
  }

  function sizeOfObject(value: object, depth: number): SchemaSize {
    const own = Array.isArray(value) ? noOwnSize({}, false) : ownSize({ ...value }, depth === 0);
    let values = 1 + own.values;
    let { text } = own;
    let levels = 0;
    const add = (size: SchemaSize) => {
      values += size.values;
      text += size.text;
      levels = Math.max(levels, size.levels);
    };
    for (const inner of Object.values(value)) add(sizeOf(inner, depth + 1));
    const { $ref } = value as { readonly $ref?: unknown };
    if (typeof $ref === "string") {
      const target = $ref.length > LONGEST_REFERENCE ? undefined : pointerTarget($ref, schema);
      add(target === undefined ? ENDLESS : sizeOf(target, depth + 1));
    }
    return { values, text, levels: levels + 1 };
  }

  return sizeOf(schema, 0);
}
