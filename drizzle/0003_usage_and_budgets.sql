CREATE TABLE `daily_usage` (
	`day` text PRIMARY KEY NOT NULL,
	`usd` real NOT NULL,
	`tokens` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `runs` ADD `cache_write_tokens` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `runs` ADD `reserved_usd` real DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `runs` ADD `reserved_tokens` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `runs_reserving` ON `runs` (`reserved_tokens`) WHERE reserved_tokens > 0;