/**
 * Splits TypeScript or JavaScript into tokens, so that a check sees code, strings and comments apart. It knows as much of
 * the language as the checks need: a file that the compiler refuses may be split wrongly.
 *
 * @typedef {{ kind: "word" | "string" | "comment" | "regex" | "sign", text: string, line: number }} Token
 *   `text` of a string is its raw content; each `${…}` of a template is one `…` in it, and its tokens come before the template.
 */

const WORD = /[\p{ID_Start}$_#][\p{ID_Continue}$]*/uy;
const NUMBER = /\d[\w.]*/y;
const SPACE = /\s+/y;
const COMMENT = /\/\/[^\n]*|\/\*[^]*?\*\//y;
const QUOTED = /"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const TEMPLATE_PART = /(?:[^`\\$]|\\[^]|\$(?!\{))*/y;

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
    return text;
  };
  const add = (kind, text) => {
    tokens.push({ kind, text, line });
    line += countLines(text, 0, text.length);
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
    line = template.line + countLines(source, template.start, at);
  };

  while (at < source.length) {
    const start = at;
    const sign = source[at];
    const open = templates.at(-1);
    let text;
    if (sign === "`") {
      at += 1;
      templates.push({ text: "", braces: 0, line, start });
      readTemplate(templates.at(-1));
    } else if (open && sign === "}" && open.braces === 1) {
      at += 1;
      readTemplate(open);
    } else if ((text = take(SPACE)) !== undefined) line += countLines(text, 0, text.length);
    else if ((text = take(COMMENT)) !== undefined) add("comment", text);
    else if ((text = take(QUOTED)) !== undefined) add("string", text.slice(1, -1));
    else if ((text = take(WORD)) !== undefined) add("word", text);
    else if ((text = take(NUMBER)) !== undefined) add("sign", text);
    else if (beginsValue(tokens) && (text = take(REGEX)) !== undefined) add("regex", text);
    else {
      at += 1;
      if (open && sign === "{") open.braces += 1;
      if (open && sign === "}") open.braces -= 1;
      add("sign", sign);
    }
  }
  return tokens;
}

function countLines(text, from, to) {
  let lines = 0;
  for (let at = text.indexOf("\n", from); at !== -1 && at < to; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}

function beginsValue(tokens) {
  const before = tokens.findLast(({ kind }) => kind !== "comment");
  if (before === undefined) return true;
  if (before.kind === "word") return BEFORE_VALUE.has(before.text);
  return before.kind === "sign" && /^[^)\]}\w]$/.test(before.text);
}
