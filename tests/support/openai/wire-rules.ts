/** Rules that both wires of OpenAI share, as parts of the checks of their stand-ins. */

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

/** The first field that is not listed. */
export function unlisted(value: Fields, listed: readonly string[]): string | null {
  return Object.keys(value).find((key) => !listed.includes(key)) ?? null;
}

/** The vendor's sentence for function declarations with a wrong name, or a root that is no plain object. */
export function declarationFault(declaration: Fields, where: string): string | null {
  const { name, parameters } = declaration;
  if (typeof name !== "string" || !/^[A-Za-z0-9_-]{1,64}$/.test(name))
    return `Invalid '${where}.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]{1,64}$'.`;
  return parameters === undefined || isFields(parameters) ? null : `Invalid '${where}.parameters': expected an object.`;
}

export function rootFault(declaration: Fields, where: string): string | null {
  const parameters = isFields(declaration.parameters) ? declaration.parameters : {};
  const alternative = ["oneOf", "anyOf", "allOf", "enum", "not"].find((key) => key in parameters);
  if (parameters.type === "object" && alternative === undefined) return null;
  return `Invalid schema for function '${declaration.name}' in ${where}: schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level.`;
}

export function isJsonObject(text: unknown): boolean {
  try {
    return typeof text === "string" && isFields(JSON.parse(text));
  } catch {
    return false;
  }
}

export function imageFault(url: unknown): string | null {
  const [, type, data = ""] = /^data:image\/(png|jpeg|webp|gif);base64,(.+)$/.exec(String(url)) ?? [];
  const isBase64 = type !== undefined && Buffer.from(data, "base64").toString("base64") === data;
  return isBase64 ? null : "Invalid image: expected a data URL with a valid base64-encoded image.";
}
