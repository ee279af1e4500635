/** Maps tool names to function names of `[A-Za-z0-9_-]`, and back without a table: a stored reply is read long after. */

/**
 * The function name of a tool: characters outside the rule become their code between `_0x` and `_`, and so does an underscore
 * that would look like the beginning of one.
 */
export function toFunctionName(name: string): string {
  return name.replace(/_(?=0x[0-9a-f])/g, codeOf("_")).replace(/[^A-Za-z0-9_-]/gu, (character) => codeOf(character));
}

/** The inverse of `toFunctionName`. */
export function fromFunctionName(name: string): string {
  return name.replace(/_0x([0-9a-f]{1,6})_/g, (code, digits: string) => {
    const point = Number.parseInt(digits, 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : code;
  });
}

function codeOf(character: string): string {
  return `_0x${(character.codePointAt(0) ?? 0).toString(16)}_`;
}
