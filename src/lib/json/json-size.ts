/** The size of a JSON value. */

export interface JsonSize {
  /** All values in it, itself included. */
  readonly values: number;
  /** The characters of its texts and names. */
  readonly characters: number;
  /** How deep its lists and objects are nested; 1 for a text or a number. Levels below the first thousand count as one, and no value in them counts. */
  readonly levels: number;
  /** Whether something in it is named `__proto__`, which libraries silently drop or ignore. */
  readonly hasProto: boolean;
}

const DEEPEST = 1_000; // levels that are walked; the walk recurses
const MOST_LEVELS = 100; // of a value from outside: people and models send flat ones, and the code that handles them recurses

/** Why a value from outside is refused whatever it says, as a clause, or null. */
export function faultOfShape({ levels, hasProto }: JsonSize): string | null {
  if (levels > MOST_LEVELS) return `nested more than ${MOST_LEVELS} levels deep`;
  return hasProto ? 'not allowed to have the name "__proto__" in them' : null;
}

/** Measures a value, in one walk without allocations: every check of arguments does it. */
export function jsonSize(value: unknown): JsonSize {
  const size = { values: 1, characters: 0, levels: 1, hasProto: false };
  if (typeof value === "string") size.characters = value.length;
  else if (typeof value === "object" && value !== null) addInner(size, value, 2);
  return size;
}

type Sum = { -readonly [Field in keyof JsonSize]: JsonSize[Field] };

/** Adds what is in a list or an object, which lies on this level. */
function addInner(size: Sum, value: object, level: number): void {
  let values = 0;
  let characters = 0;
  if (Array.isArray(value)) {
    values = value.length;
    for (let index = 0; index < values; index++) {
      const inner: unknown = value[index];
      if (typeof inner === "string") characters += inner.length;
      else if (typeof inner === "object" && inner !== null && level <= DEEPEST) addInner(size, inner, level + 1);
    }
  } else {
    const record = value as Readonly<Record<string, unknown>>;
    for (const name in record) {
      values++;
      characters += name.length;
      if (name === "__proto__") size.hasProto = true;
      const inner = record[name];
      if (typeof inner === "string") characters += inner.length;
      else if (typeof inner === "object" && inner !== null && level <= DEEPEST) addInner(size, inner, level + 1);
    }
  }
  size.values += values;
  size.characters += characters;
  if (values > 0 && level > size.levels) size.levels = level;
}
