/** Rewrites `and`, `or` and `not` to CEL's operators. */

interface Token {
  readonly kind: "space" | "word" | "text" | "sign";
  readonly source: string;
}

const SPACE = /[\t\n\f\r ]+/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const COMMENT = /\/\/[^\n]*/y;
const SIGN = /&&|\|\||[\s\S]/y;
/** A literal, also raw or in triple quotes. An unterminated literal takes the rest of the text, and the parser refuses it. */
const TEXT =
  /[rR][bB]?"""[\s\S]*?(?:"""|$)|[rR][bB]?'''[\s\S]*?(?:'''|$)|[rR][bB]?"[^"\n]*(?:"|$)|[rR][bB]?'[^'\n]*(?:'|$)|[bB]?"""(?:\\[\s\S]|[^\\])*?(?:"""|$)|[bB]?'''(?:\\[\s\S]|[^\\])*?(?:'''|$)|[bB]?"(?:\\[\s\S]|[^"\\\n])*(?:"|$)|[bB]?'(?:\\[\s\S]|[^'\\\n])*(?:'|$)/y;

const OPENERS = new Set(["(", "[", "{"]);
const CLOSERS = new Set([")", "]", "}"]);
/** The operand of `not` ends before these: `not` applies to a whole comparison. */
const WEAKER = new Set(["&&", "||", "?", ":", ","]);

/** The same condition with CEL's operators. Literals and names of fields stay as they are; comments are removed. */
export function rewriteWords(text: string): string {
  let out = "";
  let depth = 0;
  let before = "";
  const open: number[] = []; // the depths at which the operand of a `not` has not ended
  const closeFrom = (least: number) => {
    for (let last = open.at(-1); last !== undefined && last >= least; last = open.at(-1)) {
      open.pop();
      out += ")";
    }
  };
  for (const { kind, source } of tokensOf(text)) {
    const sign = kind === "word" && before !== "." ? (OPERATORS.get(source) ?? source) : source;
    if (kind !== "text" && (CLOSERS.has(sign) || WEAKER.has(sign))) closeFrom(depth);
    if (sign === "!(") open.push(depth);
    if (kind === "sign") depth += OPENERS.has(sign) ? 1 : CLOSERS.has(sign) ? -1 : 0;
    out += sign;
    if (kind !== "space") before = source;
  }
  closeFrom(Number.NEGATIVE_INFINITY);
  return out;
}

const OPERATORS: ReadonlyMap<string, string> = new Map([
  ["and", "&&"],
  ["or", "||"],
  ["not", "!("],
]);

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const [kind, source, length] = tokenAt(text, at);
    tokens.push({ kind, source });
    at += length;
  }
  return tokens;
}

function tokenAt(text: string, at: number): readonly [Token["kind"], string, number] {
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  const comment = match(COMMENT);
  if (comment !== undefined) return ["space", " ", comment.length];
  const space = match(SPACE);
  if (space !== undefined) return ["space", space, space.length];
  const literal = match(TEXT);
  if (literal !== undefined) return ["text", literal, literal.length];
  const word = match(WORD);
  if (word !== undefined) return ["word", word, word.length];
  const sign = match(SIGN) ?? "";
  return ["sign", sign, Math.max(1, sign.length)];
}
