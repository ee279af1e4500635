/** Checks of values against JSON Schemas. */

export interface JsonSchemas {
  /** Why the schema itself is invalid, in one line, or null. */
  faultOf(schema: object | boolean): Promise<string | null>;
  /** Why the value does not satisfy the schema, in one line, or null. Under an invalid schema every value has a fault. */
  check(schema: object | boolean, value: unknown): Promise<string | null>;
  /**
   * Checks arguments against the schema of a tool, without its patterns: a regular expression of a server may never end.
   * Under an invalid schema all arguments pass, and the server of the tool checks them.
   */
  checkArguments(schema: object, value: unknown): Promise<string | null>;
}
