ALTER TABLE `runs` ADD `interrupted_at` integer;--> statement-breakpoint
ALTER TABLE `runs` ADD `continues_run_id` text;--> statement-breakpoint
CREATE INDEX `runs_by_continued` ON `runs` (`continues_run_id`) WHERE continues_run_id IS NOT NULL;