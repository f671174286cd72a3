-- Who is told of what happens in a shop, what they are told, and what came of each try.

-- Whether what happens is written down for somebody: known with each change, so that nobody looks for endpoints in vain.
ALTER TABLE store ADD COLUMN has_webhooks INTEGER NOT NULL DEFAULT 0 CHECK (has_webhooks IN (0, 1));

CREATE TABLE webhook_endpoint
     ( store_id          TEXT     NOT NULL
     , endpoint          TEXT     NOT NULL  -- its id
     , url               TEXT     NOT NULL
     , description       TEXT     NOT NULL
     , events            TEXT     NOT NULL  -- the kinds of which it is told, as JSON
     , enabled           INTEGER  NOT NULL
     , disabled_by       TEXT               -- why it is not told any more; none: it is, or the merchant wants it so
     , generation        INTEGER  NOT NULL  -- of its secret, from 1: the secret itself is made with the server's key
     , mark              BLOB     NOT NULL  -- by which it is seen whether the key is the one with which the secret was made
     , rotated_at_ms     INTEGER            -- when the secret took the place of another; none: it is the first
     , failing_since_ms  INTEGER            -- no try has succeeded since
     , created_at_ms     INTEGER  NOT NULL
     , revision          INTEGER  NOT NULL
     , CONSTRAINT webhook_endpoint_once               PRIMARY KEY (store_id, endpoint)
     , CONSTRAINT webhook_endpoint_store_known        FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT webhook_endpoint_enabled            CHECK (enabled IN (0, 1))
     , CONSTRAINT webhook_endpoint_disabled_by_known  CHECK (disabled_by IN ('gone', 'failing'))
     , CONSTRAINT webhook_endpoint_disabled           CHECK (enabled = 0 OR disabled_by IS NULL)
     , CONSTRAINT webhook_endpoint_generation_count   CHECK (1 <= generation)
     , CONSTRAINT webhook_endpoint_mark_length        CHECK (octet_length(mark) = 8)
     ) STRICT, WITHOUT ROWID;

-- What happened, as it is told, whoever is told.
CREATE TABLE webhook_event
     ( store_id  TEXT     NOT NULL
     , event     TEXT     NOT NULL  -- its id: in the order of its bytes it comes after all that happened before
     , kind      TEXT     NOT NULL
     , data      TEXT     NOT NULL  -- as JSON
     , at_ms     INTEGER  NOT NULL
     , revision  INTEGER  NOT NULL
     , CONSTRAINT webhook_event_once         PRIMARY KEY (store_id, event)
     , CONSTRAINT webhook_event_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     ) STRICT, WITHOUT ROWID;

-- What an endpoint is told of, committed with the change that it tells of.
CREATE TABLE webhook_delivery
     ( store_id        TEXT     NOT NULL
     , endpoint        TEXT     NOT NULL
     , event           TEXT     NOT NULL
     , due_at_ms       INTEGER  NOT NULL
     , attempts        INTEGER  NOT NULL
     , taken_until_ms  INTEGER  NOT NULL  -- some server is at it until then
     , ended_at_ms     INTEGER
     , ended_by        TEXT
     , made_at_ms      INTEGER  NOT NULL
     , CONSTRAINT webhook_delivery_once            PRIMARY KEY (store_id, endpoint, event)
     , CONSTRAINT webhook_delivery_endpoint_known  FOREIGN KEY (store_id, endpoint) REFERENCES webhook_endpoint (store_id, endpoint)
     , CONSTRAINT webhook_delivery_event_known     FOREIGN KEY (store_id, event) REFERENCES webhook_event (store_id, event)
     , CONSTRAINT webhook_delivery_ended_by_known  CHECK (ended_by IN ('delivered', 'given_up', 'dropped'))
     , CONSTRAINT webhook_delivery_ended_both      CHECK ((ended_at_ms IS NULL) = (ended_by IS NULL))
     ) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_delivery_due ON webhook_delivery (store_id, due_at_ms) WHERE ended_at_ms IS NULL;
CREATE INDEX webhook_delivery_by_event ON webhook_delivery (store_id, event);
CREATE INDEX webhook_delivery_ended ON webhook_delivery (store_id, ended_at_ms) WHERE ended_at_ms IS NOT NULL;

-- What came of each try.
CREATE TABLE webhook_try
     ( store_id  TEXT     NOT NULL
     , endpoint  TEXT     NOT NULL
     , event     TEXT     NOT NULL
     , number    INTEGER  NOT NULL  -- from 1
     , at_ms     INTEGER  NOT NULL
     , took_ms   INTEGER  NOT NULL
     , status    INTEGER            -- of the answer; none: there was none
     , failure   TEXT               -- none: it was taken
     , CONSTRAINT webhook_try_once            PRIMARY KEY (store_id, endpoint, event, number)
     , CONSTRAINT webhook_try_delivery_known  FOREIGN KEY (store_id, endpoint, event) REFERENCES webhook_delivery (store_id, endpoint, event)
     ) STRICT, WITHOUT ROWID;

-- What is known to be so, and was told, of what is computed and stands nowhere else: parcels that can leave, goods that are sold out.
CREATE TABLE webhook_known
     ( store_id  TEXT     NOT NULL
     , kind      TEXT     NOT NULL
     , subject   TEXT     NOT NULL  -- a shipment, or a SKU; empty: all that was so at first is among the others
     , revision  INTEGER  NOT NULL
     , CONSTRAINT webhook_known_once         PRIMARY KEY (store_id, kind, subject)
     , CONSTRAINT webhook_known_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT webhook_known_kind_known   CHECK (kind IN ('ready', 'sold_out'))
     ) STRICT, WITHOUT ROWID;
