/** Decides whether an agent's `complete` is accepted, and what outcome it makes. */
import type { JsonSchemas } from "../../core/ports/json-schemas.js";
import type { EndStatus, Outcome, RunFailure } from "../../core/run/run.js";
import { isRecord } from "../../lib/is-record.js";
import { faultOfShape, jsonSize } from "../../lib/json/json-size.js";
import { Completion, faultInArguments } from "../tools/arguments.js";

export type CompleteVerdict =
  | { readonly kind: "accepted"; readonly outcome: Outcome }
  | { readonly kind: "refused"; readonly reason: string };

/** A success must carry data that satisfies the output schema; other ends only when they carry any. */
export async function judgeComplete(
  args: unknown,
  outputSchema: object | boolean | null,
  schemas: JsonSchemas,
): Promise<CompleteVerdict> {
  const misshapen = faultOfShape(jsonSize(args));
  if (misshapen !== null) return { kind: "refused", reason: `the arguments are ${misshapen}` };
  const parsed = Completion.safeParse(args, { reportInput: true });
  if (!parsed.success) return { kind: "refused", reason: faultInArguments(parsed.error) };
  const completion = parsed.data;
  if (outputSchema !== null && (completion.status === "success" || completion.data !== undefined)) {
    const fault =
      completion.data === undefined
        ? "data is missing"
        : await schemas.check(outputSchema, completion.data).then((found) => found && `data: ${found}`);
    if (fault) return { kind: "refused", reason: `the output schema is not satisfied: ${fault}` };
  }
  return { kind: "accepted", outcome: toOutcome(completion, completion.status) };
}

/** The outcome of a `complete` in a grace turn: never refused, always partial, the limit and what is unmet kept. */
export async function graceOutcome(
  args: unknown,
  outputSchema: object | boolean | null,
  schemas: JsonSchemas,
  breach: RunFailure,
): Promise<Outcome> {
  const verdict = await judgeComplete(args, outputSchema, schemas);
  if (verdict.kind === "accepted") return { ...verdict.outcome, status: "partial", error: breach };
  const readable = readableFields(args);
  const unmet = { code: breach.code, message: `${breach.message}; ${verdict.reason}` };
  return { ...toOutcome({ ...readable, result: readable.result ?? "" }, "partial"), error: unmet };
}

/** The valid fields of a completion whose other fields are not. */
function readableFields(args: unknown) {
  const record = isRecord(args) ? args : {};
  const fields = Object.entries(record).filter(
    ([name, value]) => Completion.partial().safeParse({ [name]: value }).success,
  );
  return Completion.partial().parse(Object.fromEntries(fields));
}

function toOutcome(completion: Omit<Completion, "status">, status: EndStatus): Outcome {
  return {
    status,
    result: completion.result,
    ...(completion.data === undefined ? {} : { data: completion.data }),
    ...(completion.artifacts ? { artifacts: completion.artifacts } : {}),
    ...(completion.files_modified ? { filesModified: completion.files_modified } : {}),
    ...(completion.next_steps ? { nextSteps: completion.next_steps } : {}),
  };
}
