import { defineConfig } from "drizzle-kit";

export default defineConfig({ dialect: "sqlite", schema: "./src/store/sqlite/connection/tables.ts", out: "./drizzle" });
