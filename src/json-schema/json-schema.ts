/** JSON Schema: checks schemas, and checks values against them; here where the work is small, else in a process with limits. */
import type { JsonSchemas } from "../core/ports/json-schemas.js";
import { faultOfShape, type JsonSize, jsonSize } from "../lib/json/json-size.js";
import type { SchemaSize } from "../lib/json/unfold-schema.js";
import { once } from "../lib/once.js";
import type { Compiled } from "./compile-schema.js";
import { createJudgeProcess } from "./judge-process.js";
import { type Judgement, type Mode, TOO_DEEP, unfinished } from "./judgement.js";
import { UnboundedPattern } from "./linear-pattern.js";
import { hasPatterns, isProvablySmall, sizeOfSchema } from "./provably-small.js";
import { withUsablePatterns } from "./usable-patterns.js";
import type { CompileLinear, Validators } from "./validators.js";

/** The program of the process that judges, in the package. */
export const JUDGE_PROGRAM = "dist/bundle/schema-judge.js";

const MOST_SCHEMA_LEVELS = 500; // of a schema as JSON
const LARGEST = 8_000_000; // values and characters that are sent to the other process
const ORDINARY = 65_536; // values and characters: where no judgement of so few is finished, the schema is to blame
/** One value of every type: a schema under which even these cannot be judged is of no use. */
const SAMPLE = [null, true, 0, "", [], {}];

/** One schema object, as far as it was used. */
interface Known {
  readonly schema: object | boolean;
  readonly size: SchemaSize;
  compiled: Compiled | null;
  text: string | null;
}

export interface JsonSchemaOptions {
  /** The path of JUDGE_PROGRAM. */
  readonly program: string;
}

/** Compiles each schema object once; loads the validator library, and starts the process, with the first schema that needs it. */
export function createJsonSchemas({ program }: JsonSchemaOptions): JsonSchemas {
  const known = { strict: new WeakMap<object, Known>(), lenient: new WeakMap<object, Known>() };
  const abandoned = new WeakMap<object, string>();
  let hasGivenUp = false;
  const elsewhere = createJudgeProcess(program);
  let linear: CompileLinear | null = null;
  let loaded: (typeof import("./compile-schema.js") & { readonly validators: Validators }) | null = null;
  const load = {
    compiler: once(async () => {
      const [{ createValidators }, compiling] = await Promise.all([
        import("./validators.js"),
        import("./compile-schema.js"),
      ]);
      return { ...compiling, validators: createValidators({ linear: () => linear, mayBacktrack: false }) };
    }),
    engine: once(async () => {
      linear = (await import("./pattern-engine.js")).compileLinear;
    }),
  };

  function knownOf(schema: object | boolean, mode: Mode): Known {
    const found = typeof schema === "object" ? known[mode].get(schema) : undefined;
    if (found) return found;
    const usable = typeof schema === "object" && mode === "lenient" ? withUsablePatterns(schema) : schema;
    const made = { schema: usable, size: sizeOfSchema(usable), compiled: null, text: null };
    if (typeof schema === "object") known[mode].set(schema, made);
    return made;
  }

  async function judge(
    schema: object | boolean,
    mode: Mode,
    values: readonly unknown[],
    size: JsonSize,
  ): Promise<Judgement> {
    const reason = typeof schema === "object" ? abandoned.get(schema) : undefined;
    if (reason !== undefined) return unfinished(reason);
    if (!known[mode].has(Object(schema)) && jsonSize(schema).levels > MOST_SCHEMA_LEVELS) return TOO_DEEP;
    const about = knownOf(schema, mode);
    const isSmall = isProvablySmall(about.size, size);
    const judgement =
      (isSmall ? await judgeHere(about, mode, values) : null) ?? (await judgeElsewhere(about, mode, values, size));
    const { values: count, characters } = size;
    const isOrdinary = count + characters <= ORDINARY;
    if (typeof schema === "object" && judgement.kind === "unfinished" && judgement.lasting && isOrdinary) {
      abandoned.set(schema, judgement.reason);
      hasGivenUp = true;
    }
    return judgement;
  }

  /** Null where a pattern has no bound after all. */
  async function judgeHere(about: Known, mode: Mode, values: readonly unknown[]): Promise<Judgement | null> {
    if (hasPatterns(about.size)) await load.engine();
    loaded ??= await load.compiler();
    try {
      about.compiled ??= loaded.compileSchema(about.schema, mode, loaded.validators);
      return loaded.judgeAll(about.compiled, values);
    } catch (error) {
      if (error instanceof UnboundedPattern || error instanceof RangeError) return null;
      throw error;
    }
  }

  async function judgeElsewhere(
    about: Known,
    mode: Mode,
    values: readonly unknown[],
    { values: count, characters }: JsonSize,
  ): Promise<Judgement> {
    if (count + characters > LARGEST)
      return { kind: "unfinished", reason: `more than ${LARGEST} characters are too many to judge`, lasting: false };
    about.text ??= JSON.stringify(about.schema);
    return elsewhere.judge({ schema: about.text, mode, values });
  }

  /** The judgement on arguments under a schema that is compiled, at once: most calls are of this kind. */
  function judgeAtOnce(schema: object, value: unknown, size: JsonSize): Judgement | null {
    const about = known.lenient.get(schema);
    if (loaded === null || !about?.compiled || !isProvablySmall(about.size, size)) return null;
    return loaded.judgeAll(about.compiled, [value]);
  }

  return {
    async check(schema, value) {
      const size = jsonSize(value);
      const misshapen = faultOfShape(size);
      if (misshapen !== null) return `it is ${misshapen}`;
      const judgement = await judge(schema, "strict", [value], size);
      return judgement.kind === "fits" ? null : explained(judgement);
    },
    async checkArguments(schema, value) {
      const size = jsonSize(value);
      const misshapen = faultOfShape(size);
      if (misshapen !== null) return `its arguments do not fit: they are ${misshapen}`;
      const judgement = judgeAtOnce(schema, value, size) ?? (await judge(schema, "lenient", [value], size));
      if (judgement.kind === "misfit") return `its arguments do not fit: ${judgement.fault}`;
      if (judgement.kind === "unfinished") return `its arguments cannot be checked: ${judgement.reason}`;
      return null; // an invalid schema is for the server of the tool to know
    },
    async faultOf(schema) {
      const judgement = await judge(schema, "strict", SAMPLE, jsonSize(SAMPLE));
      if (judgement.kind === "unfinished") return judgement.reason;
      return judgement.kind === "invalid" ? judgement.fault : null;
    },
    givenUp: (schema) => (hasGivenUp ? (abandoned.get(schema) ?? null) : null),
  };
}

function explained(judgement: Exclude<Judgement, { kind: "fits" }>): string {
  if (judgement.kind === "invalid") return `the schema cannot be used: ${judgement.fault}`;
  return judgement.kind === "misfit" ? judgement.fault : `it cannot be checked: ${judgement.reason}`;
}
