/** The names of a tool's arguments, on which people write rules. */
import { isRecord } from "../../lib/is-record.js";
import { cutTo } from "../../lib/text.js";

const MOST = 50; // a few tools have some thirty
const LONGEST = 100; // characters

export interface ArgumentNames {
  readonly arguments: readonly string[];
  /** Those of them that a call has to give. */
  readonly required: readonly string[];
}

/** In the order of the schema; the first fifty. */
export function argumentNames(schema: object): ArgumentNames {
  const { properties, required } = schema as Readonly<Record<string, unknown>>;
  const needed = new Set(Array.isArray(required) ? required : []);
  const names = Object.keys(isRecord(properties) ? properties : {}).slice(0, MOST);
  const shown = (name: string) => cutTo(name, LONGEST);
  return { arguments: names.map(shown), required: names.filter((name) => needed.has(name)).map(shown) };
}
