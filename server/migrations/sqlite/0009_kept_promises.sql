-- Which promises were kept: by the date that was told first, and by who ended what did not leave.

-- The part as which it was promised first, where it was split off from one; none: it was promised as it is.
ALTER TABLE promised_part ADD COLUMN split_from INTEGER;

-- Who did not want these units any more, where only some of a part were cancelled; none: of before, or nobody did.
ALTER TABLE promise ADD COLUMN cancelled_by TEXT CHECK (cancelled_by IN ('shopper', 'seller', 'silence', 'no_notice'));
CREATE INDEX promise_cancelled ON promise (store_id, reservation) WHERE cause = 'part_cancelled';

-- Whose goods a first date waits for: the purchase order, none where they are made to order, and who supplies it; none: it
-- rests on what is on the shelf. And by how many days it was widened.
ALTER TABLE promise ADD COLUMN purchase_order TEXT;
ALTER TABLE promise ADD COLUMN supplier TEXT;
ALTER TABLE promise ADD COLUMN widened_days INTEGER NOT NULL DEFAULT 0 CHECK (widened_days BETWEEN 0 AND 30);
CREATE INDEX promise_by_supplier ON promise (store_id, supplier, ships_by)
 WHERE cause = 'reserved'
   AND supplier IS NOT NULL;

-- Days that are added to all dates of a supplier, and why: of so many promises told for that horizon so many were kept, and
-- that level is wanted. In the row for any way of shipping.
ALTER TABLE supplier_model ADD COLUMN widened_days INTEGER CHECK (widened_days BETWEEN 1 AND 30);
ALTER TABLE supplier_model ADD COLUMN widened_kept INTEGER CHECK (0 <= widened_kept);
ALTER TABLE supplier_model ADD COLUMN widened_judged INTEGER CHECK (widened_kept <= widened_judged);
ALTER TABLE supplier_model ADD COLUMN widened_level INTEGER CHECK (widened_level BETWEEN 1 AND 99);
ALTER TABLE supplier_model ADD COLUMN widened_horizon TEXT CHECK (widened_horizon IN ('any', 'near', 'far'));

-- Whether everybody may read how many dates were kept.
ALTER TABLE store ADD COLUMN publish_kept_rate INTEGER NOT NULL DEFAULT 0 CHECK (publish_kept_rate IN (0, 1));
