// The databases of a stopped Worker: made older, as if days had passed.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Has `change` work on every database below `state` that has `table`; the Worker must be stopped. */
export async function agedDatabase(state, table, change) {
  const files = readdirSync(state, { recursive: true }).filter((file) => file.endsWith(".sqlite"));
  let changed = 0;
  for (const file of files) {
    const database = new DatabaseSync(join(state, file));
    try {
      const known = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(table);
      if (!known) continue;
      change(database);
      changed += 1;
    } finally {
      database.close();
    }
  }
  if (changed === 0) throw new Error(`no database below ${state} has the table ${table}`);
}
