/**
 * The program of the process that judges schemas: one question a line on stdin, one answer a line on stdout. It keeps the
 * deadline by itself too, so that it ends soon after its parent, also in the middle of a judgement.
 */

import { createInterface } from "node:readline";
import { createContext, Script } from "node:vm";
import { codeOf } from "../lib/code-of.js";
import { type Compiled, compileSchema, judgeAll } from "./compile-schema.js";
import { DEADLINE_MS, type Judgement, type Question, TOO_DEEP, TOO_LONG, unfinished } from "./judgement.js";
import { compileLinear } from "./pattern-engine.js";
import { createValidators } from "./validators.js";

const MOST_KEPT = 20; // compiled schemas; an agent calls few tools in turns

const patterns = { linear: () => compileLinear, mayBacktrack: true };
let validators = createValidators(patterns);
const compiled = new Map<string, Compiled>();

const context = createContext({ work: () => {} });
const script = new Script("work()");

/** Throws where the work does not end in time. */
function withinDeadline<T>(work: () => T): T {
  const results: T[] = [];
  context.work = () => void results.push(work());
  script.runInContext(context, { timeout: DEADLINE_MS });
  return results[0] as T;
}

function compile({ schema, mode }: Question): Compiled {
  const key = `${mode} ${schema}`;
  const known = compiled.get(key) ?? compileSchema(JSON.parse(schema), mode, validators);
  compiled.delete(key);
  compiled.set(key, known); // the last one used is the last
  const [oldest] = compiled.size > MOST_KEPT ? compiled.keys() : [];
  if (oldest !== undefined) compiled.delete(oldest);
  return known;
}

function answer(line: string): Judgement {
  try {
    const question = JSON.parse(line) as Question;
    return withinDeadline(() => judgeAll(compile(question), question.values));
  } catch (error) {
    if (error instanceof RangeError) return TOO_DEEP;
    // A compilation that was broken off leaves a validator in any state.
    validators = createValidators(patterns);
    compiled.clear();
    const isLate = codeOf(error) === "ERR_SCRIPT_EXECUTION_TIMEOUT";
    return isLate ? TOO_LONG : unfinished(String(error));
  }
}

process.stdout.on("error", () => process.exit()); // nobody reads any more
process.stdout.write("ready\n");
createInterface({ input: process.stdin })
  .on("line", (line) => process.stdout.write(`${JSON.stringify(answer(line))}\n`))
  .on("close", () => process.exit());
