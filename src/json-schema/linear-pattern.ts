/** Regular expressions of JavaScript in the syntax of a linear engine, as far as that takes them. */

export interface LinearPattern {
  readonly source: string;
  /** At least the number of instructions of the compiled program. */
  readonly size: number;
}

/** Thrown by a compilation that meets a pattern whose time has no bound. */
export class UnboundedPattern extends Error {
  override readonly name = "UnboundedPattern";
}

/**
 * `u` where JavaScript takes the pattern as JSON Schema asks for it, "" where it does so only without `u` and other
 * languages read it alike; null where neither: without `u` JavaScript takes `\A` for an A, and `[[:digit:]]` for a class.
 */
export function flagsOf(pattern: string): "u" | "" | null {
  if (isTaken(pattern, "u")) return "u";
  return isTaken(pattern, "") && isReadAlike(pattern) ? "" : null;
}

function isTaken(pattern: string, flags: string): boolean {
  try {
    new RegExp(pattern, flags);
    return true;
  } catch {
    return false;
  }
}

const LONGEST_SIGN = 20; // characters of an escape or a count
const ALIKE = /^\\(?:[^A-Za-z\d]|[dDwWsSbBnrtfv]|0(?!\d)|x[\dA-Fa-f]{2}|u[\dA-Fa-f]{4})/; // an escape
const COUNT = /^\{\d+(?:,\d*)?\}/;

/** Whether it has no escape, class or count that means something else in another language. */
function isReadAlike(pattern: string): boolean {
  let inClass = false;
  for (let at = 0; at < pattern.length; at++) {
    const rest = pattern.slice(at, at + LONGEST_SIGN);
    const character = pattern[at];
    if (character === "\\") {
      const [whole] = ALIKE.exec(rest) ?? [];
      if (whole === undefined) return false;
      at += whole.length - 1;
    } else if (inClass) {
      if (character === "[") return false;
      if (character === "]") inClass = false;
    } else if (character === "[") inClass = true;
    else if (character === "{" && /^\{[\d,]/.test(rest) && !COUNT.test(rest)) return false;
  }
  return true;
}

const MOST_INSTRUCTIONS = 400; // a larger program takes longer to compile than a reply may wait
const SIZE_OF_PROPERTY = 10; // a class of Unicode holds hundreds of ranges
const DOT = "[^\\n\\r\\x{2028}\\x{2029}]";
const BLANKS = "\\t-\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}";

/** Null for a pattern that looks around or back, that is large, or that the engine would read in another way than JavaScript. */
export function toLinear(pattern: string): LinearPattern | null {
  const flags = flagsOf(pattern);
  if (flags === null) return null;
  const reader = { characters: [...pattern], at: 0 };
  const { characters } = reader;
  const outer: number[] = [];
  let source = "";
  let size = 3; // of the group that is being read; a program has three instructions around its pattern
  let last = 0; // of the last atom in it
  const add = (text: string, weight: number) => {
    source += text;
    size += weight;
    last = weight;
  };
  while (reader.at < characters.length) {
    const character = characters[reader.at] ?? "";
    if (character === "(") {
      const start = groupStartOf(reader);
      if (start === null) return null;
      source += start;
      outer.push(size);
      size = 2;
    } else if (character === ")") {
      reader.at++;
      const before = outer.pop();
      if (before === undefined) return null;
      const inner = size;
      size = before;
      add(")", inner);
    } else if (character === "[") {
      const found = classOf(reader, flags);
      if (found === null) return null;
      add(found.text, found.size);
    } else if (character === "\\") {
      const found = escapeOf(reader, flags, false);
      if (found === null) return null;
      add(found.text, found.size);
    } else if (character === "{") {
      const [whole, least = "", comma, most = ""] =
        /^\{(\d+)(,?)(\d*)\}/.exec(characters.slice(reader.at, reader.at + 20).join("")) ?? [];
      if (whole === undefined) return null;
      const times = Number(comma === "" ? least : most === "" ? `${Number(least) + 1}` : most);
      reader.at += whole.length;
      size += last * Math.max(0, times - 1) + times;
      source += whole;
    } else {
      reader.at++;
      if (character === ".") add(DOT, 1);
      else if (character === "}" || character === "]") add(`\\${character}`, 1);
      else if (/[*+?]/.test(character)) add(character, 2);
      else add(character, character === "|" ? 2 : 1);
    }
    if (size > MOST_INSTRUCTIONS) return null;
  }
  return { source, size };
}

interface Reader {
  readonly characters: readonly string[];
  at: number;
}

interface Piece {
  readonly text: string;
  readonly size: number;
}

/** The engine names groups in another way; no name is needed for a test. */
function groupStartOf(reader: Reader): string | null {
  const ahead = reader.characters.slice(reader.at, reader.at + 4).join("");
  if (!ahead.startsWith("(?")) {
    reader.at++;
    return "(?:";
  }
  if (ahead.startsWith("(?:")) {
    reader.at += 3;
    return "(?:";
  }
  if (!/^\(\?<[^=!]/u.test(ahead)) return null;
  while (reader.characters[reader.at] !== ">") reader.at++;
  reader.at++;
  return "(?:";
}

function classOf(reader: Reader, flags: string): Piece | null {
  let text = "[";
  let size = 1;
  reader.at++;
  if (reader.characters[reader.at] === "^") {
    text += "^";
    reader.at++;
  }
  if (reader.characters[reader.at] === "]") return null; // empty: nothing, or everything
  for (;;) {
    const character = reader.characters[reader.at];
    if (character === undefined) return null;
    if (character === "]") {
      reader.at++;
      return { text: `${text}]`, size };
    }
    if (character === "\\") {
      const found = escapeOf(reader, flags, true);
      if (found === null) return null;
      text += found.text;
      size += found.size - 1;
      // A class begins no range in JavaScript.
      const isClass = /^\\[dwDWpP]/.test(found.text) || found.text === BLANKS;
      if (isClass && reader.characters[reader.at] === "-") {
        text += "\\-";
        reader.at++;
      }
    } else {
      text += /[[\]^&~]/.test(character) ? `\\${character}` : character;
      reader.at++;
    }
  }
}

/** Escapes that stand for one character or a class; null for all others. */
function escapeOf(reader: Reader, flags: string, inClass: boolean): Piece | null {
  const ahead = reader.characters.slice(reader.at + 1, reader.at + 13).join("");
  const take = (length: number, text: string, size = 1): Piece => {
    reader.at += 1 + length;
    return { text, size };
  };
  const [first = ""] = ahead;
  if (/[dDwWnrtfv]/.test(first)) return take(1, `\\${first}`);
  if (/[bB]/.test(first)) return inClass ? (first === "b" ? take(1, "\\x08") : null) : take(1, `\\${first}`);
  if (first === "s") return take(1, inClass ? BLANKS : `[${BLANKS}]`);
  if (first === "S") return inClass ? null : take(1, `[^${BLANKS}]`);
  if (first === "0") return /^0\d/.test(ahead) ? null : take(1, "\\x00");
  const hexadecimal = /^x([\da-f]{2})/i.exec(ahead);
  if (hexadecimal) return take(3, `\\x${hexadecimal[1]}`);
  const pair = /^u(d[89ab][\da-f]{2})\\u(d[c-f][\da-f]{2})/i.exec(ahead);
  if (pair) {
    const [high = 0, low = 0] = [pair[1], pair[2]].map((code) => Number.parseInt(code ?? "", 16));
    return flags === "u" ? take(11, `\\x{${(((high - 0xd800) << 10) + low - 0xdc00 + 0x10000).toString(16)}}`) : null;
  }
  const unicode = /^u([\da-f]{4})/i.exec(ahead) ?? (flags === "u" ? /^u\{0*([\da-f]{1,6})\}/i.exec(ahead) : null);
  if (unicode)
    return /^d[89a-f]/i.test(unicode[1] ?? "") && unicode[1]?.length === 4
      ? null
      : take(unicode[0].length, `\\x{${unicode[1]}}`);
  const property = /^[pP]\{[A-Z][a-z]?\}/.exec(ahead);
  if (property) return flags === "u" ? take(property[0].length, `\\${property[0]}`, SIZE_OF_PROPERTY) : null;
  return /^[!-/:-@[-`{-~]/.test(first) ? take(1, `\\${first}`) : null;
}
