/** Schemas of arguments and answers that several tools share. */
import { z } from "zod";

export const runId = z.string().min(1).max(100);
export const cursor = z.string().max(500).optional().describe("next_cursor of the previous page.");

/** A wait longer than the host allows is shortened: the answer then names the pending runs. */
export const waitSeconds = z.number().min(0);

/** A run. All other fields stay open, so that hosts need no new schema for a new field. */
export const runOutput = z.looseObject({ run_id: z.string().optional(), status: z.string().optional() });
