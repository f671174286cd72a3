-- Indexes for those who ask for what is in them, and say so. By a plan that was made while a table was still
-- empty, a whole store's rows were else looked through in them for a few that a key finds.

DROP INDEX sku_by_revision;
CREATE INDEX sku_by_revision ON sku (store_id, revision) WHERE 0 < revision;

DROP INDEX kept_answer_by_expiry;
CREATE INDEX kept_answer_by_expiry ON kept_answer (store_id, expires_at_ms) WHERE 0 < expires_at_ms;

-- That their store is there needs no look-up for each row: who writes them holds its row, and row-level security
-- lets no other store's in.
ALTER TABLE act DROP CONSTRAINT act_store_known;
ALTER TABLE kept_answer DROP CONSTRAINT kept_answer_store_known;
