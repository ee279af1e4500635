/** Maps of raw YAML. */

export type YamlMap = Readonly<Record<string, unknown>>;

/** True for a map: no list, no scalar. */
export function isMap(value: unknown): value is YamlMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
