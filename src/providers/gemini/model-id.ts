/** What may name a Gemini model. */

/** Why this cannot be a model's name, or null. The name becomes part of the URL as it is, so nothing that could lead elsewhere may pass. */
export function modelIdFault(model: string): string | null {
  if (/^[A-Za-z0-9._-]+$/.test(model)) return null;
  return `"${model}" is not a Gemini model name: use letters, digits, ".", "_" and "-" only, such as "gemini-3.8-flash"`;
}
