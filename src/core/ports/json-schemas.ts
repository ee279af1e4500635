/** Values judged against JSON Schemas. */

export interface JsonSchemas {
  /** Why the schema itself is invalid, or null. */
  faultOf(schema: object | boolean): Promise<string | null>;
  /** Why the value does not satisfy the schema, in one line, or null. An invalid schema is a fault of every value. */
  check(schema: object | boolean, value: unknown): Promise<string | null>;
  /**
   * The same for arguments and the schema of a tool, without its patterns: a foreign regular expression may never end.
   * Arguments pass where the schema is invalid: the server of the tool judges them then.
   */
  checkArguments(schema: object, value: unknown): Promise<string | null>;
}
