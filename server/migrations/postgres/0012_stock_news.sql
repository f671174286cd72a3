-- What is told of goods to who did not ask this minute: pages that are shared, and letters when something is there again.

ALTER TABLE store ADD COLUMN share_pages BOOLEAN NOT NULL DEFAULT true;     -- goods have pages for everybody
ALTER TABLE store ADD COLUMN product_url TEXT COLLATE "C";               -- where goods are bought, with {sku}; none: not known

-- Who wants to be told when something is there again. The address stands here alone: what is about it names its number, and all
-- of it goes with it.
CREATE TABLE waitlist_address
     ( store_id        TEXT COLLATE "C"  NOT NULL
     , address         BIGINT  NOT NULL  -- its number: the change that brought it
     , email           TEXT COLLATE "C"  NOT NULL
     , language        TEXT COLLATE "C"  NOT NULL
     , asked_to        BIGINT  NOT NULL  -- how many letters asked for a confirmation
     , asked_to_at_ms  BIGINT            -- when the last of them was sent, or is to be
     , refused_at_ms   BIGINT            -- when its owner said that they had not asked: nothing is sent to it for a while
     , revision        BIGINT  NOT NULL
     , CONSTRAINT waitlist_address_once         PRIMARY KEY (store_id, address)
     , CONSTRAINT waitlist_email_once           UNIQUE (store_id, email)
     , CONSTRAINT waitlist_address_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT waitlist_asked_not_negative   CHECK (0 <= asked_to)
     );

-- What an address waits for.
CREATE TABLE waitlist_entry
     ( store_id         TEXT COLLATE "C"  NOT NULL
     , address          BIGINT  NOT NULL
     , sku              TEXT COLLATE "C"  NOT NULL
     , state            TEXT COLLATE "C"  NOT NULL
     , asked_at_ms      BIGINT  NOT NULL
     , confirmed_at_ms  BIGINT            -- its place in the queue
     , told_at_ms       BIGINT
     , revision         BIGINT  NOT NULL
     , CONSTRAINT waitlist_entry_once           PRIMARY KEY (store_id, address, sku)
     , CONSTRAINT waitlist_entry_address_known  FOREIGN KEY (store_id, address) REFERENCES waitlist_address (store_id, address)
     , CONSTRAINT waitlist_entry_sku_known      FOREIGN KEY (store_id, sku) REFERENCES sku (store_id, sku)
     , CONSTRAINT waitlist_state_known          CHECK (state IN ('asked', 'waiting', 'told'))
     , CONSTRAINT waitlist_waiting_confirmed    CHECK (state <> 'waiting' OR confirmed_at_ms IS NOT NULL)
     , CONSTRAINT waitlist_told_when            CHECK (state <> 'told' OR told_at_ms IS NOT NULL)
     );

-- The queue for a SKU, who was told of it lately, and what is to be forgotten.
CREATE INDEX waitlist_queue ON waitlist_entry (store_id, sku, confirmed_at_ms, address) WHERE state = 'waiting';
CREATE INDEX waitlist_told ON waitlist_entry (store_id, sku, told_at_ms) WHERE told_at_ms IS NOT NULL;
CREATE INDEX waitlist_unconfirmed ON waitlist_entry (store_id, asked_at_ms) WHERE state = 'asked';
CREATE INDEX waitlist_waiting ON waitlist_entry (store_id, confirmed_at_ms) WHERE state = 'waiting';
CREATE INDEX waitlist_over ON waitlist_entry (store_id, told_at_ms) WHERE state = 'told';

-- Links in letters: who knows one may confirm and leave for the address. Only the hash is kept.
CREATE TABLE waitlist_link
     ( store_id    TEXT COLLATE "C"  NOT NULL
     , hash        BYTEA  NOT NULL
     , address     BIGINT  NOT NULL
     , made_at_ms  BIGINT  NOT NULL
     , revision    BIGINT  NOT NULL
     , CONSTRAINT waitlist_link_once           PRIMARY KEY (store_id, hash)
     , CONSTRAINT waitlist_link_address_known  FOREIGN KEY (store_id, address) REFERENCES waitlist_address (store_id, address)
     , CONSTRAINT waitlist_link_hash_length    CHECK (octet_length(hash) = 32)
     );

CREATE INDEX waitlist_link_by_address ON waitlist_link (store_id, address);

CALL keep_stores_apart('waitlist_address');
CALL keep_stores_apart('waitlist_entry');
CALL keep_stores_apart('waitlist_link');
