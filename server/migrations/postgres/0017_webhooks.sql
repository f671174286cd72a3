-- Who is told of what happens in a shop, what they are told, and what came of each try.

-- Whether what happens is written down for somebody: known with each change, so that nobody looks for endpoints in vain.
ALTER TABLE store ADD COLUMN has_webhooks BOOLEAN NOT NULL DEFAULT false;

CREATE TABLE webhook_endpoint
     ( store_id          TEXT COLLATE "C"  NOT NULL
     , endpoint          TEXT COLLATE "C"  NOT NULL  -- its id
     , url               TEXT COLLATE "C"  NOT NULL
     , description       TEXT COLLATE "C"  NOT NULL
     , events            TEXT COLLATE "C"  NOT NULL  -- the kinds of which it is told, as JSON
     , enabled           BOOLEAN  NOT NULL
     , disabled_by       TEXT COLLATE "C"               -- why it is not told any more; none: it is, or the merchant wants it so
     , generation        BIGINT  NOT NULL  -- of its secret, from 1: the secret itself is made with the server's key
     , mark              BYTEA  NOT NULL  -- by which it is seen whether the key is the one with which the secret was made
     , rotated_at_ms     BIGINT            -- when the secret took the place of another; none: it is the first
     , failing_since_ms  BIGINT            -- no try has succeeded since
     , created_at_ms     BIGINT  NOT NULL
     , revision          BIGINT  NOT NULL
     , CONSTRAINT webhook_endpoint_once               PRIMARY KEY (store_id, endpoint)
     , CONSTRAINT webhook_endpoint_store_known        FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT webhook_endpoint_disabled_by_known  CHECK (disabled_by IN ('gone', 'failing'))
     , CONSTRAINT webhook_endpoint_disabled           CHECK (NOT enabled OR disabled_by IS NULL)
     , CONSTRAINT webhook_endpoint_generation_count   CHECK (1 <= generation)
     , CONSTRAINT webhook_endpoint_mark_length        CHECK (octet_length(mark) = 8)
     );

-- What happened, as it is told, whoever is told.
CREATE TABLE webhook_event
     ( store_id  TEXT COLLATE "C"  NOT NULL
     , event     TEXT COLLATE "C"  NOT NULL  -- its id: in the order of its bytes it comes after all that happened before
     , kind      TEXT COLLATE "C"  NOT NULL
     , data      TEXT COLLATE "C"  NOT NULL  -- as JSON
     , at_ms     BIGINT  NOT NULL
     , revision  BIGINT  NOT NULL
     , CONSTRAINT webhook_event_once         PRIMARY KEY (store_id, event)
     , CONSTRAINT webhook_event_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     );

-- What an endpoint is told of, committed with the change that it tells of.
CREATE TABLE webhook_delivery
     ( store_id        TEXT COLLATE "C"  NOT NULL
     , endpoint        TEXT COLLATE "C"  NOT NULL
     , event           TEXT COLLATE "C"  NOT NULL
     , due_at_ms       BIGINT  NOT NULL
     , attempts        BIGINT  NOT NULL
     , taken_until_ms  BIGINT  NOT NULL  -- some server is at it until then
     , ended_at_ms     BIGINT
     , ended_by        TEXT COLLATE "C"
     , made_at_ms      BIGINT  NOT NULL
     , CONSTRAINT webhook_delivery_once            PRIMARY KEY (store_id, endpoint, event)
     , CONSTRAINT webhook_delivery_endpoint_known  FOREIGN KEY (store_id, endpoint) REFERENCES webhook_endpoint (store_id, endpoint)
     , CONSTRAINT webhook_delivery_event_known     FOREIGN KEY (store_id, event) REFERENCES webhook_event (store_id, event)
     , CONSTRAINT webhook_delivery_ended_by_known  CHECK (ended_by IN ('delivered', 'given_up', 'dropped'))
     , CONSTRAINT webhook_delivery_ended_both      CHECK ((ended_at_ms IS NULL) = (ended_by IS NULL))
     );

CREATE INDEX webhook_delivery_due ON webhook_delivery (store_id, due_at_ms) WHERE ended_at_ms IS NULL;
CREATE INDEX webhook_delivery_by_event ON webhook_delivery (store_id, event);
CREATE INDEX webhook_delivery_ended ON webhook_delivery (store_id, ended_at_ms) WHERE ended_at_ms IS NOT NULL;

-- What came of each try.
CREATE TABLE webhook_try
     ( store_id  TEXT COLLATE "C"  NOT NULL
     , endpoint  TEXT COLLATE "C"  NOT NULL
     , event     TEXT COLLATE "C"  NOT NULL
     , number    BIGINT  NOT NULL  -- from 1
     , at_ms     BIGINT  NOT NULL
     , took_ms   BIGINT  NOT NULL
     , status    BIGINT            -- of the answer; none: there was none
     , failure   TEXT COLLATE "C"               -- none: it was taken
     , CONSTRAINT webhook_try_once            PRIMARY KEY (store_id, endpoint, event, number)
     , CONSTRAINT webhook_try_delivery_known  FOREIGN KEY (store_id, endpoint, event) REFERENCES webhook_delivery (store_id, endpoint, event)
     );

-- What is known to be so, and was told, of what is computed and stands nowhere else: parcels that can leave, goods that are sold out.
CREATE TABLE webhook_known
     ( store_id  TEXT COLLATE "C"  NOT NULL
     , kind      TEXT COLLATE "C"  NOT NULL
     , subject   TEXT COLLATE "C"  NOT NULL  -- a shipment, or a SKU; empty: all that was so at first is among the others
     , revision  BIGINT  NOT NULL
     , CONSTRAINT webhook_known_once         PRIMARY KEY (store_id, kind, subject)
     , CONSTRAINT webhook_known_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT webhook_known_kind_known   CHECK (kind IN ('ready', 'sold_out'))
     );

CALL keep_stores_apart('webhook_endpoint');
CALL keep_stores_apart('webhook_event');
CALL keep_stores_apart('webhook_delivery');
CALL keep_stores_apart('webhook_try');
CALL keep_stores_apart('webhook_known');
