/** Converts a tool's JSON Schema to the parameters of a function. */
import { isRecord } from "../../../lib/is-record.js";
import { pointerTarget } from "../../../lib/json/unfold-schema.js";

type Schema = Readonly<Record<string, unknown>>;

/**
 * The schema with a root that every host takes: an object without alternatives. The properties that only these name stay known
 * to the model; the runner itself checks their demands. Does not change its input.
 */
export function toParameters(schema: object): object {
  const root = schema as Schema;
  const target = typeof root.$ref === "string" && root.$ref !== "#" ? pointerTarget(root.$ref, root) : undefined;
  const { $ref: _, ...whole } = isRecord(target) ? { ...target, ...root } : root;
  const { anyOf, oneOf, allOf, enum: _values, not: _not, const: _const, ...rest } = whole;
  const branches = [anyOf, oneOf, allOf].flatMap((list) => (Array.isArray(list) ? list.filter(isRecord) : []));
  const properties = [...branches.toReversed(), rest].map((part) => (isRecord(part.properties) ? part.properties : {}));
  const demanded = [rest, ...(Array.isArray(allOf) ? allOf.filter(isRecord) : [])].flatMap(({ required }) =>
    Array.isArray(required) ? required : [],
  );
  return {
    ...rest,
    type: "object",
    properties: Object.assign({}, ...properties),
    ...(demanded.length > 0 && { required: [...new Set(demanded)] }),
  };
}
