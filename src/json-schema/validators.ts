/** ajv with the options of legwork. Loaded with the first schema only. */
import { Ajv, type Options } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { flagsOf, toLinear } from "./linear-pattern.js";

/** Compiles a pattern in the syntax of the linear engine. */
export type CompileLinear = (source: string) => { test(text: string): boolean };

export interface Validators {
  /** For drafts 6 and 7, and what was before and between. */
  older(): Ajv;
  /** For 2020-12. */
  current(): Ajv;
  /** Validators that check schemas against the schemas of their drafts, which take long to compile. */
  readonly strict: { older(): Ajv; current(): Ajv };
}

export interface PatternSettings {
  /** The linear engine; null while no schema has had a pattern. */
  linear(): CompileLinear | null;
  /** Whether a pattern that the engine does not take may run without a bound on its time, as a process with a deadline allows. */
  readonly mayBacktrack: boolean;
}

/** Thrown by a compilation that meets a pattern whose time has no bound. */
export class UnboundedPattern extends Error {
  override readonly name = "UnboundedPattern";
}

const MOST_SCHEMAS = 100; // a validator keeps all that it has compiled

export function createValidators(patterns: PatternSettings): Validators {
  const options: Options = {
    strict: false, // schemas of servers contain keywords of their own
    validateFormats: false, // formats are annotations in JSON Schema 2020-12
    logger: false,
    validateSchema: false, // the strict compilation does it
    ownProperties: true, // else an argument that is left out would be found where it is called "constructor"
    code: { optimize: false, regExp: regExpWith(patterns) }, // optimized code takes four times as long to make and is no faster
  };
  return {
    older: renewed(() => new Ajv(options)),
    current: renewed(() => new Ajv2020(options)),
    strict: { older: kept(() => new Ajv(options)), current: kept(() => new Ajv2020(options)) },
  };
}

function kept<T>(create: () => T): () => T {
  let made: T | null = null;
  return () => {
    made ??= create();
    return made;
  };
}

/** A new one for every hundred schemas. */
function renewed<T>(create: () => T): () => T {
  let made = create();
  let uses = 0;
  return () => {
    if (++uses > MOST_SCHEMAS) [made, uses] = [create(), 1];
    return made;
  };
}

function regExpWith({ linear, mayBacktrack }: PatternSettings) {
  const compile = (pattern: string, strictFlags: string) => {
    const regExp = new RegExp(pattern, flagsOf(pattern) ?? strictFlags); // throws where it is none
    const engine = linear();
    const taken = engine && toLinear(pattern);
    const test = taken && testOf(taken.source, engine);
    if (test) return { test, toString: () => pattern }; // ajv keeps patterns by their text
    if (mayBacktrack) return regExp;
    throw new UnboundedPattern(pattern);
  };
  return Object.assign(compile, { code: "" });
}

/** Null where the engine refuses the pattern. */
function testOf(source: string, engine: CompileLinear): ((text: string) => boolean) | null {
  try {
    return engine(source).test;
  } catch {
    return null;
  }
}
