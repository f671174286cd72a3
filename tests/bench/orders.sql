-- What an order of three lines writes, all of it on the shelf: the bare statements of the server, without what it reads,
-- decides and tells. $1 the order, $2 to $4 its SKUs, $5 its revision, $6 the answer that is kept, $7 the fingerprint.
UPDATE store SET revision = revision + 1 WHERE store_id = 'default';
INSERT INTO reservation (store_id, reservation, plan, created_at_ms, expires_at_ms, revision)
VALUES ('default', $1, 'together', 1795929515737, 253402300799000, $5);
INSERT INTO sales_order (store_id, sales_order, placed_at_ms, revision)
VALUES ('default', $1, 1795929515737, $5);
INSERT INTO sales_order_line (store_id, sales_order, line, sku, quantity, shown_on, shipped, cancelled)
VALUES ('default', $1, 0, $2, 1, NULL, 0, 0);
INSERT INTO sales_order_line (store_id, sales_order, line, sku, quantity, shown_on, shipped, cancelled)
VALUES ('default', $1, 1, $3, 1, NULL, 0, 0);
INSERT INTO sales_order_line (store_id, sales_order, line, sku, quantity, shown_on, shipped, cancelled)
VALUES ('default', $1, 2, $4, 1, NULL, 0, 0);
INSERT INTO promised_part (store_id, reservation, line, part, sku, quantity, location, ships_by, awaits_orders, awaits_made)
VALUES ('default', $1, 0, 0, $2, 1, 'main', '2026-12-01', '[]', false);
INSERT INTO claim (store_id, sku, reservation, line, part, quantity)
VALUES ('default', $2, $1, 0, 0, 1);
INSERT INTO promise (store_id, reservation, line, part, version, sku, quantity, location, ships_by, cause, basis, at_ms, revision, reached)
VALUES ('default', $1, 0, 0, 1, $2, 1, 'main', '2026-12-01', 'reserved', '{"calendar_revision":0,"location":"main","supply":[{"from":"shelf","ships_by":"2026-12-01"}]}', 1795929515737, $5, NULL);
UPDATE sku SET revision = $5 WHERE store_id = 'default' AND sku = $2;
INSERT INTO promised_part (store_id, reservation, line, part, sku, quantity, location, ships_by, awaits_orders, awaits_made)
VALUES ('default', $1, 1, 0, $3, 1, 'main', '2026-12-01', '[]', false);
INSERT INTO claim (store_id, sku, reservation, line, part, quantity)
VALUES ('default', $3, $1, 1, 0, 1);
INSERT INTO promise (store_id, reservation, line, part, version, sku, quantity, location, ships_by, cause, basis, at_ms, revision, reached)
VALUES ('default', $1, 1, 0, 1, $3, 1, 'main', '2026-12-01', 'reserved', '{"calendar_revision":0,"location":"main","supply":[{"from":"shelf","ships_by":"2026-12-01"}]}', 1795929515737, $5, NULL);
UPDATE sku SET revision = $5 WHERE store_id = 'default' AND sku = $3;
INSERT INTO promised_part (store_id, reservation, line, part, sku, quantity, location, ships_by, awaits_orders, awaits_made)
VALUES ('default', $1, 2, 0, $4, 1, 'main', '2026-12-01', '[]', false);
INSERT INTO claim (store_id, sku, reservation, line, part, quantity)
VALUES ('default', $4, $1, 2, 0, 1);
INSERT INTO promise (store_id, reservation, line, part, version, sku, quantity, location, ships_by, cause, basis, at_ms, revision, reached)
VALUES ('default', $1, 2, 0, 1, $4, 1, 'main', '2026-12-01', 'reserved', '{"calendar_revision":0,"location":"main","supply":[{"from":"shelf","ships_by":"2026-12-01"}]}', 1795929515737, $5, NULL);
UPDATE sku SET revision = $5 WHERE store_id = 'default' AND sku = $4;
INSERT INTO act (store_id, revision, act, subject, reason, at_ms)
VALUES ('default', $5, 'place_order', $1, NULL, 1795929515737);
INSERT INTO kept_answer (store_id, route, key, fingerprint, status, body, expires_at_ms)
VALUES ('default', 'POST /v1/orders', $1, $7, 201, $6, 1796015915737);
