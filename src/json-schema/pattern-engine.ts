/** The linear engine for patterns. Loaded with the first schema that has one. */
import { RE2JS } from "re2js";

const MOST_REMEMBERED = 100_000; // characters; the engine's memory of a pattern grows with the texts that it has seen

/** A pattern in the syntax of `toLinear`. Throws where the engine refuses it. */
export function compileLinear(source: string): { test(text: string): boolean } {
  let engine = RE2JS.compile(source);
  let tested = 0;
  return {
    test(text) {
      tested += text.length;
      if (tested > MOST_REMEMBERED) {
        engine = RE2JS.compile(source);
        tested = text.length;
      }
      return engine.test(text);
    },
  };
}
