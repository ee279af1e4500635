/** Compiles schemas and checks values under them. */
import type { Ajv, ValidateFunction } from "ajv";
import { describeFault, shortened } from "./describe-fault.js";
import type { Judgement, Mode } from "./judgement.js";
import { UnboundedPattern, type Validators } from "./validators.js";

export type Compiled =
  | { readonly kind: "validator"; readonly validate: ValidateFunction }
  | { readonly kind: "fault"; readonly fault: string };

/** Compiles a schema by the draft it names, else by 2020-12; a schema that fails is compiled by the other. Throws UnboundedPattern, and RangeError for one that is nested too deeply. */
export function compileSchema(schema: object | boolean, mode: Mode, validators: Validators): Compiled {
  // With $async, validation returns a promise, which is never false; an $id could replace the schema of a draft.
  const {
    $schema: named = "",
    $async: _async,
    $id: _id,
    ...rest
  } = typeof schema === "object" ? (schema as Record<string, unknown>) : {};
  const plain = typeof schema === "object" ? rest : schema;
  const drafts = ["current", "older"] as const;
  const [first, second] = /draft-0[467]|2019-09/.test(String(named)) ? drafts.toReversed() : drafts;
  const compiled = compileBy(first ?? "current", plain, mode, validators);
  if (compiled.kind === "validator") return compiled;
  const other = compileBy(second ?? "older", plain, mode, validators);
  return other.kind === "validator" ? other : compiled;
}

/** Judges each of the values; the first misfit counts. */
export function judgeAll(compiled: Compiled, values: readonly unknown[]): Judgement {
  if (compiled.kind === "fault") return { kind: "invalid", fault: compiled.fault };
  const { validate } = compiled;
  const faults = values.map((value) => (validate(value) ? null : describeFault(validate.errors ?? [], value)));
  const fault = faults.find((found) => found !== null);
  return fault === undefined ? { kind: "fits" } : { kind: "misfit", fault };
}

function compileBy(draft: "older" | "current", schema: object | boolean, mode: Mode, validators: Validators): Compiled {
  try {
    if (mode === "strict") {
      const strict = validators.strict[draft]();
      if (strict.validateSchema(schema) !== true)
        return { kind: "fault", fault: shortened(`schema is invalid: ${strict.errorsText()}`) };
    }
    return { kind: "validator", validate: compileWith(validators[draft](), schema) };
  } catch (error) {
    if (error instanceof UnboundedPattern || error instanceof RangeError) throw error;
    return { kind: "fault", fault: shortened(error instanceof Error ? error.message : String(error)) };
  }
}

function compileWith(ajv: Ajv, schema: object | boolean): ValidateFunction {
  const validate = ajv.compile(schema);
  if (typeof schema === "object") ajv.removeSchema(schema); // else the validator would keep a schema for each run
  return validate;
}
