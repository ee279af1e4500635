/** The size of a JSON value. */

export interface JsonSize {
  /** All values in it, itself included. */
  readonly values: number;
  /** The characters of its texts and names. */
  readonly characters: number;
  /** How deep its lists and objects are nested; 1 for a text or a number. */
  readonly levels: number;
  /** Whether something in it is named `__proto__`, which libraries silently drop or ignore. */
  readonly hasProto: boolean;
}

const MOST_LEVELS = 100; // of a value from outside: what people and models mean is flat, and the code that handles it recurses

/** Why a value from outside is refused whatever it says, as a clause, or null. */
export function faultOfShape(value: unknown): string | null {
  const { levels, hasProto } = jsonSize(value);
  if (levels > MOST_LEVELS) return `nested more than ${MOST_LEVELS} levels deep`;
  return hasProto ? 'not allowed to have the name "__proto__" in them' : null;
}

/** Measures level by level, since a value may be nested more deeply than a function can recurse; stops at `most` values. */
export function jsonSize(value: unknown, most = Number.POSITIVE_INFINITY): JsonSize {
  let values = 0;
  let characters = 0;
  let levels = 0;
  let hasProto = false;
  for (let level: unknown[] = [value]; level.length > 0 && values <= most; levels++) {
    const below: unknown[] = [];
    for (const item of level) {
      values++;
      if (typeof item === "string") characters += item.length;
      if (typeof item !== "object" || item === null) continue;
      if (Array.isArray(item)) for (const inner of item) below.push(inner);
      else
        for (const name of Object.keys(item)) {
          characters += name.length;
          hasProto ||= name === "__proto__";
          below.push(Reflect.get(item, name));
        }
    }
    level = below;
  }
  return { values, characters, levels, hasProto };
}
