/** Checks the names of Gemini models. */

/** The reason why this is no model name, or null. The name becomes a part of the URL, so it may hold no character that could change the path. */
export function modelIdFault(model: string): string | null {
  if (/^[A-Za-z0-9._-]+$/.test(model)) return null;
  return `"${model}" is not a Gemini model name: use letters, digits, ".", "_" and "-" only, such as "gemini-3.8-flash"`;
}
