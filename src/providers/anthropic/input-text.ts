/** The JSON of a tool's input as it came, where JavaScript's value of it says less. */

/** The spaces of JSON, the marks of its strings, and the escapes within them. */
const TOKEN = /\\u[Dd][89ABab]..\\u[Dd][C-Fc-f]..|\\u....|\\.|"|\s+/g;

/**
 * Whether a text says more than its value: digits of a number, the order of names, a name twice. Spaces between its parts and
 * the spelling of characters do not count.
 */
export function saysMore(json: string, value: unknown): boolean {
  return plain(json) !== JSON.stringify(value);
}

/** The same JSON as JavaScript would write it, but for its numbers and names. */
function plain(json: string): string {
  let isInString = false;
  return json.replace(TOKEN, (token) => {
    if (token === '"') isInString = !isInString;
    else if (/^\s/.test(token)) return isInString ? token : "";
    else if (token.length > 2 || token === "\\/") return JSON.stringify(JSON.parse(`"${token}"`)).slice(1, -1);
    return token;
  });
}
