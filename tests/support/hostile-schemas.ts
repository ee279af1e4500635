/** Schemas and values under which an unbounded check takes hours, a compilation fills the memory, or a walk leaves the stack. */

export interface Attack {
  readonly name: string;
  readonly schema: object;
  readonly value: object;
}

const nested = (levels: number, inner: unknown, wrap: (inner: unknown) => object): object =>
  Array.from({ length: levels }).reduce<object>((value) => wrap(value), wrap(inner));
const named = (count: number, of: (n: number) => unknown, start = "d") =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`${start}${n}`, of(n)]));
const chain = (levels: number, link: (next: object) => object, end: object = {}) =>
  named(levels + 1, (n) => (n === levels ? end : link({ $ref: `#/$defs/d${n + 1}` })));
const listOf = (count: number, of: (n: number) => unknown) => Array.from({ length: count }, (_, n) => of(n));
const argument = (schema: object, more: object = {}) => ({ type: "object", properties: { a: schema }, ...more });

const START = { $ref: "#/$defs/d0" };
const DEEP = nested(60, {}, (inner) => ({ a: inner }));
const LIST = nested(60, 1, (inner) => [inner] as object);
const SAME = listOf(30_000, (n) => ({ n }));
const TEXT = `${"a".repeat(60)}!`;

/** Attacks on the evaluation of a schema. */
export const SLOW: readonly Attack[] = [
  {
    name: "references that double 40 times",
    schema: { type: "object", allOf: [START], $defs: chain(40, (next) => ({ allOf: [next, next] })) },
    value: {},
  },
  {
    name: "references that double 30 times beside a limit below 0",
    schema: {
      type: "object",
      properties: { b: { uniqueItems: true, maxItems: -1e12 } },
      allOf: [START],
      $defs: chain(30, (next) => ({ allOf: [next, next] })),
    },
    value: {},
  },
  {
    name: "forms that double and never fit",
    schema: argument(START, { $defs: chain(40, (next) => ({ anyOf: [next, next] }), { type: "number" }) }),
    value: { a: "x" },
  },
  {
    name: "arguments whose every level is checked twice",
    schema: { type: "object", properties: { a: { allOf: [{ $ref: "#" }, { $ref: "#" }] } } },
    value: DEEP,
  },
  {
    name: "the same in the items of lists",
    schema: argument(
      { $ref: "#/$defs/d" },
      { $defs: { d: { items: { allOf: [{ $ref: "#/$defs/d" }, { $ref: "#/$defs/d" }] } } } },
    ),
    value: { a: LIST },
  },
  {
    name: "the same in names that a pattern takes",
    schema: { type: "object", patternProperties: { "^a": { $ref: "#" }, a$: { $ref: "#" } } },
    value: DEEP,
  },
  {
    name: "the same by dynamic references",
    schema: {
      type: "object",
      $dynamicAnchor: "n",
      properties: { a: { allOf: [{ $dynamicRef: "#n" }, { $dynamicRef: "#n" }] } },
    },
    value: DEEP,
  },
  {
    name: "the same by an anchor",
    schema: argument(
      { $ref: "#n" },
      { $defs: { n: { $anchor: "n", properties: { a: { oneOf: [{ $ref: "#n" }, { $ref: "#n" }] } } } } },
    ),
    value: DEEP,
  },
  {
    name: "contained items that are checked twice at each level",
    schema: argument(
      { $ref: "#/$defs/d" },
      { $defs: { d: { contains: { $ref: "#/$defs/d" }, items: { $ref: "#/$defs/d" } } } },
    ),
    value: { a: LIST },
  },
  {
    name: "unique items that are objects",
    schema: argument({ type: "array", uniqueItems: true }),
    value: { a: SAME },
  },
  {
    name: "unique items with a maximum that allows them all",
    schema: argument({ type: "array", uniqueItems: true, maxItems: 100_000 }),
    value: { a: SAME },
  },
  {
    name: "a pattern that looks ahead",
    schema: argument({ pattern: "^(?=.)(a+)+$" }),
    value: { a: TEXT },
  },
  {
    name: "a pattern that looks back at a group",
    schema: argument({ pattern: "^(a+)+\\1b?$" }),
    value: { a: TEXT },
  },
  {
    name: "such a pattern of names",
    schema: { type: "object", patternProperties: { "^(?!b)(a+)+$": {} } },
    value: { [TEXT]: 1 },
  },
];

/** Attacks on the compilation of a schema. */
export const LARGE: readonly Attack[] = [
  {
    name: "a large definition that is referred to a thousand times",
    schema: {
      ...argument({}),
      properties: named(1_000, () => ({ $ref: "#/$defs/large" })),
      $defs: { large: { properties: named(700, () => ({ type: ["string", "null"], minLength: 1 }), "p") } },
    },
    value: {},
  },
  {
    name: "thousands of names",
    schema: { ...argument({}), properties: named(3_000, () => ({ type: ["string", "null"], minLength: 1 })) },
    value: {},
  },
  {
    name: "a few names of many characters",
    schema: { ...argument({}), properties: named(20, () => ({ type: "string" }), "x".repeat(50_000)) },
    value: {},
  },
];

/** Fills the memory of the process that judges: its one text becomes code for each reference. */
export const SWELLING: Attack = {
  name: "a long text that is referred to thousands of times",
  schema: argument({}, { allOf: listOf(2_000, () => START), $defs: { d0: { not: { const: "x".repeat(50_000) } } } }),
  value: {},
};

/** Attacks that a linear engine takes: they are judged at once. */
export const LINEAR: readonly Attack[] = [
  { name: "nested repetitions", schema: argument({ pattern: "^(a+)+$" }), value: { a: TEXT } },
  { name: "overlapping forms", schema: argument({ pattern: "^(a|aa|a?)*$" }), value: { a: TEXT } },
  {
    name: "repeated names",
    schema: { type: "object", patternProperties: { "^(a*)*$": {} }, additionalProperties: false },
    value: { [TEXT]: 1 },
  },
];
