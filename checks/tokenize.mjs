/**
 * Splits TypeScript or JavaScript into tokens, so that a check sees code, strings and comments apart. It knows as much of
 * the language as the checks need: a file that the compiler refuses may be split wrongly.
 *
 * @typedef {{ kind: "word" | "string" | "comment" | "regex" | "sign", text: string, line: number }} Token
 *   `text` of a string is its raw content; each `${…}` of a template is one `…` in it, and its tokens come before the template.
 */

/** In the order in which they are tried; a slash is a regular expression only where a value may begin. */
const PATTERNS = [
  { kind: "space", pattern: /\s+/y },
  { kind: "comment", pattern: /\/\/.*|\/\*[\s\S]*?\*\//y },
  { kind: "string", pattern: /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/y },
  { kind: "word", pattern: /[\p{ID_Start}$_#][\p{ID_Continue}$]*/uy },
  { kind: "sign", pattern: /\d[\w.]*/y },
  { kind: "regex", pattern: /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y },
];
const TEMPLATE_PART = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y;

/** After these words a slash begins a regular expression; after any other word it divides. */
const BEFORE_VALUE = new Set(["return", "typeof", "case", "in", "of", "void", "throw", "else", "await", "yield"]);

/** @returns {Token[]} */
export function tokenize(source) {
  const tokens = [];
  /** Templates that are open around the current place: their text so far, and how many braces are open inside `${`. */
  const templates = [];
  let at = 0;
  let line = 1;

  const take = (pattern) => {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    if (text === undefined) return undefined;
    at += text.length;
    line += countLines(text);
    return text;
  };
  const readTemplate = (template) => {
    template.text += take(TEMPLATE_PART);
    if (source.startsWith("${", at)) {
      at += 2;
      template.text += "…";
      template.braces = 1;
    } else {
      at += 1;
      templates.pop();
      tokens.push({ kind: "string", text: template.text, line: template.line });
    }
  };
  const readToken = () => {
    const start = line;
    for (const { kind, pattern } of PATTERNS) {
      const text = kind === "regex" && !mayBeginValue(tokens) ? undefined : take(pattern);
      if (text === undefined) continue;
      if (kind !== "space") tokens.push({ kind, text: kind === "string" ? text.slice(1, -1) : text, line: start });
      return true;
    }
    return false;
  };

  while (at < source.length) {
    const sign = source[at];
    const open = templates.at(-1);
    if (sign === "`") {
      at += 1;
      templates.push({ text: "", braces: 0, line });
      readTemplate(templates.at(-1));
    } else if (open && sign === "}" && open.braces === 1) {
      at += 1;
      readTemplate(open);
    } else if (!readToken()) {
      at += 1;
      if (open && sign === "{") open.braces += 1;
      if (open && sign === "}") open.braces -= 1;
      tokens.push({ kind: "sign", text: sign, line });
    }
  }
  return tokens;
}

const countLines = (text) => (text.includes("\n") ? text.split("\n").length - 1 : 0);

function mayBeginValue(tokens) {
  const before = tokens.findLast(({ kind }) => kind !== "comment");
  if (before === undefined) return true;
  if (before.kind === "word") return BEFORE_VALUE.has(before.text);
  return before.kind === "sign" && /^[^)\]}\w]$/.test(before.text);
}
