/** How often tests repeat what only repetition finds: seldom in `npm test`, often in `npm run test:long`. */

const IS_LONG = process.env.LEGWORK_TEST_LONG === "1";

/** The number of repetitions of this test run. */
export function repetitions(seldom: number, often: number): number {
  return IS_LONG ? often : seldom;
}
