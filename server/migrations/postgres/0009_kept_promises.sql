-- Which promises were kept: by the date that was told first, and by who ended what did not leave.

-- The part as which it was promised first, where it was split off from one; none: it was promised as it is.
ALTER TABLE promised_part ADD COLUMN split_from BIGINT;

-- Who did not want these units any more, where only some of a part were cancelled; none: of before, or nobody did.
ALTER TABLE promise ADD COLUMN cancelled_by TEXT COLLATE "C" CHECK (cancelled_by IN ('shopper', 'seller', 'silence', 'no_notice'));
CREATE INDEX promise_cancelled ON promise (store_id, reservation) WHERE cause = 'part_cancelled';
