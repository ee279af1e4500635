/** Schemas that several tools share. */
import { z } from "zod";

export const runId = z.string().min(1).max(100);
export const cursor = z.string().max(500).optional().describe("next_cursor of the page before.");

/** More than a host can wait is cut to what it can: the answer then says what is pending. */
export const waitSeconds = z.number().min(0);

/** A run. All fields beside these two stay open, so that hosts need no new schema for each. */
export const runOutput = z.looseObject({ run_id: z.string().optional(), status: z.string().optional() });
