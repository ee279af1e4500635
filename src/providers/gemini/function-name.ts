/** Function names as Gemini takes them: they begin with a letter or "_", ours may begin with a digit or "-". */

/** Our name as Gemini knows it. A name that already looks mapped gets one more "_", so that none is ever ambiguous. */
export function toFunctionName(name: string): string {
  return /^_*[0-9-]/.test(name) ? `_${name}` : name;
}

/** The inverse of `toFunctionName`. */
export function fromFunctionName(name: string): string {
  return /^_+[0-9-]/.test(name) ? name.slice(1) : name;
}
