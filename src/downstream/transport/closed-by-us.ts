/** The ending of a connection that nothing has ended but our own close(). */
export const CLOSED_BY_US = "it was closed";
