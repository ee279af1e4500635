CREATE TABLE `catalogs` (
	`definition_hash` text PRIMARY KEY NOT NULL,
	`saved_at` integer NOT NULL,
	`list` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `pins` (
	`source` text NOT NULL,
	`server` text NOT NULL,
	`tool` text NOT NULL,
	`hash` text NOT NULL,
	`definition` text NOT NULL,
	`accepted_at` integer NOT NULL,
	PRIMARY KEY(`source`, `server`, `tool`)
);
--> statement-breakpoint
DROP TABLE `tool_pins`;