/** What the misbehaving server of the tests lists and answers. */
export const plain = { name: "plain", description: "A good tool.", inputSchema: { type: "object" } };

export const carelessResults = {
  item: { content: { type: "text", text: "one item" } },
  texts: { content: ["one", { text: "two" }, { type: "text", text: 3 }] },
  failed: { content: "it failed", isError: "true" },
  unknown: { output: "elsewhere" },
  structured: { content: null, structuredContent: { a: 1 } },
};

export const oddResults = {
  mixed: {
    content: [
      { type: "text", text: "first" },
      { type: "image", mimeType: "image/png", data: "AAAAAAAA" },
      { type: "resource_link", uri: "file:///a.txt", name: "a", mimeType: "text/plain", size: 12 },
      { type: "resource", resource: { uri: "file:///b.txt", mimeType: "text/plain", text: "the text of b" } },
      { type: "hologram" },
      { type: "text", text: null },
      null,
      { type: "text", text: "last" },
    ],
    structuredContent: { ignored: true },
  },
  structured: { content: [], structuredContent: [1, { two: 2 }], isError: "yes", _meta: null },
  empty: {},
};

export function oddTools() {
  return [
    plain,
    { name: "no_schema", description: "none" },
    { name: "list_schema", inputSchema: [] },
    { name: "array_schema", inputSchema: { type: "array" } },
    { name: "untyped_schema", inputSchema: { properties: { a: {} } } },
    { name: "null_description", description: null, inputSchema: { type: "object" } },
    { name: "odd_annotations", inputSchema: { type: "object" }, annotations: { readOnlyHint: "true" } },
    { name: "list_annotations", inputSchema: { type: "object" }, annotations: [] },
    { name: "broken_output", inputSchema: { type: "object" }, outputSchema: { type: "nonsense", $ref: "#/nowhere" } },
    { name: "plain", description: "Another tool of the same name.", inputSchema: { type: "object" } },
    { name: "n".repeat(200), inputSchema: { type: "object" } },
    { name: "näme with späces/and.dots", inputSchema: { type: "object" } },
    { name: "only_tasks", inputSchema: { type: "object" }, execution: { taskSupport: "required" } },
    { name: "", inputSchema: { type: "object" } },
    { inputSchema: { type: "object" } },
    "a string",
    null,
  ];
}

export function brokenSchemas() {
  let deep = { type: "string" };
  for (let level = 0; level < 120; level++) deep = { type: "object", properties: { next: deep } };
  return {
    cyclic: { type: "object", properties: { self: { $ref: "#" } } },
    circle: {
      type: "object",
      properties: { a: { $ref: "#/$defs/a" } },
      $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } },
    },
    nowhere: { type: "object", properties: { a: { $ref: "#/$defs/missing" } } },
    elsewhere: { type: "object", properties: { a: { $ref: "https://schemas.invalid/a.json" } } },
    no_type: { type: "object", properties: { a: { type: "nonsense" } } },
    no_properties: { type: "object", properties: [1, 2] },
    no_required: { type: "object", required: "all" },
    old_dialect: { type: "object", properties: { a: { type: "number", exclusiveMinimum: true, required: true } } },
    bad_pattern: { type: "object", properties: { a: { type: "string", pattern: "(" } } },
    prototype: JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"},"constructor":{}}}'),
    deep,
  };
}
