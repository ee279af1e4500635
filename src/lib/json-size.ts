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

/** Measures a value. Every check of arguments does it: it allocates nothing but the lists of names. */
export function jsonSize(value: unknown): JsonSize {
  const size = { values: 0, characters: 0, levels: 0, hasProto: false };
  addTo(size, value, 1);
  return size;
}

function addTo(size: { -readonly [Field in keyof JsonSize]: JsonSize[Field] }, value: unknown, level: number): void {
  size.values++;
  if (level > size.levels) size.levels = level;
  if (typeof value === "string") size.characters += value.length;
  if (typeof value !== "object" || value === null || level > DEEPEST) return;
  if (Array.isArray(value)) {
    for (const item of value) addTo(size, item, level + 1);
    return;
  }
  const record = value as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(record)) {
    size.characters += name.length;
    if (name === "__proto__") size.hasProto = true;
    addTo(size, record[name], level + 1);
  }
}
