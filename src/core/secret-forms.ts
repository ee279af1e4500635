/** The forms in which a secret can stand in a text. */

const SHORTEST_ENCODED = 6; // bytes; the codes of fewer would match unrelated text
const SHORTEST_RECASED = 8; // characters, one of them no letter
const SHORTEST_RECASED_WORD = 16; // characters; a shorter word may be an ordinary one

/** The secret as it is, and as programs write it: in JSON, in URLs, in HTML, in base64, in hexadecimal, in capitals. */
export function secretForms(value: string): readonly string[] {
  return [value, ...jsonForms(value), ...urlForms(value), htmlForm(value), ...recased(value), ...byteForms(value)];
}

/** In a JSON text, in a JSON text inside a JSON text, and by writers that escape slashes or all but ASCII. */
function jsonForms(value: string): readonly string[] {
  const escaped = escapeForJson(value);
  const ascii = (written: (code: string) => string) =>
    escaped.replace(/[^\0-\x7f]/g, (unit) => `\\u${written(unit.charCodeAt(0).toString(16).padStart(4, "0"))}`);
  return [
    escaped,
    escapeForJson(escaped),
    value.replaceAll("/", "\\/"),
    ascii((code) => code),
    ascii((code) => code.toUpperCase()),
  ];
}

function escapeForJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function urlForms(value: string): readonly string[] {
  const encoded = encodeURIComponent(value.replace(/[\uD800-\uDFFF]/gu, "\uFFFD")); // half a pair has no encoding
  const strict = encoded.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  const small = (text: string) => text.replace(/%[0-9A-F]{2}/g, (octet) => octet.toLowerCase());
  return [encoded, small(encoded), encoded.replaceAll("%20", "+"), strict, small(strict)];
}

function htmlForm(value: string): string {
  const named: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return value.replace(/[&<>"']/g, (mark) => named[mark] ?? mark);
}

function recased(value: string): readonly string[] {
  const isWord = /^\p{L}*$/u.test(value);
  if (value.length < (isWord ? SHORTEST_RECASED_WORD : SHORTEST_RECASED)) return [];
  return [value.toUpperCase(), value.toLowerCase()];
}

function byteForms(value: string): readonly string[] {
  const bytes = Buffer.from(value, "utf8");
  if (bytes.length < SHORTEST_ENCODED) return [];
  const hex = bytes.toString("hex");
  const base64 = [0, 1, 2].map((before) => base64Behind(before, bytes));
  const urlSafe = base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  return [...hexForms(hex), ...hexForms(hex.toUpperCase()), ...base64, ...urlSafe];
}

/** In one piece, and byte by byte as dumps, fingerprints, URLs and the texts of programs show it. */
function hexForms(hex: string): readonly string[] {
  const bytes = hex.match(/../g) ?? [];
  return [hex, bytes.join(" "), bytes.join(":"), bytes.join("%"), bytes.join("\\x")];
}

/** The characters of the code that hold bits of the secret alone, where so many bytes, modulo 3, come before it. */
function base64Behind(before: number, bytes: Uint8Array): string {
  const code = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
  return code.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
}
