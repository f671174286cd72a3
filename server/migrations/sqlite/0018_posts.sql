-- What a shop posts about its goods, where each post is, and what was last known of goods that are worth one.

CREATE TABLE post_policy
     ( store_id  TEXT     NOT NULL
     , terms     TEXT     NOT NULL  -- as JSON
     , revision  INTEGER  NOT NULL
     , CONSTRAINT post_policy_once         PRIMARY KEY (store_id)
     , CONSTRAINT post_policy_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     ) STRICT, WITHOUT ROWID;

CREATE TABLE post
     ( store_id         TEXT     NOT NULL
     , post             TEXT     NOT NULL  -- its id: in the order of its bytes it comes after all that were made before
     , sku              TEXT     NOT NULL
     , moment           TEXT     NOT NULL
     , template         TEXT     NOT NULL
     , language         TEXT     NOT NULL
     , state            TEXT     NOT NULL
     , due_at_ms        INTEGER  NOT NULL  -- not before
     , outlook          TEXT     NOT NULL  -- what it says of the goods, or will
     , ships_by         TEXT               -- the date that goes with it
     , said             TEXT               -- its words; none: it was not posted
     , title            TEXT               -- what the goods were called
     , told             TEXT               -- what was told of them
     , link             TEXT               -- where they were looked at; none: nobody said where the server is
     , published_at_ms  INTEGER
     , follows          TEXT               -- the post that it corrects
     , made_at_ms       INTEGER  NOT NULL
     , revision         INTEGER  NOT NULL
     , CONSTRAINT post_once           PRIMARY KEY (store_id, post)
     , CONSTRAINT post_sku_known      FOREIGN KEY (store_id, sku) REFERENCES sku (store_id, sku)
     , CONSTRAINT post_moment_known   CHECK (moment IN ('back_in_stock', 'new_date', 'preorder_opens', 'by_hand', 'correction'))
     , CONSTRAINT post_state_known    CHECK (state IN ('draft', 'due', 'published', 'corrected', 'withdrawn', 'cancelled'))
     , CONSTRAINT post_outlook_known  CHECK (outlook IN ('there', 'awaited', 'preorder', 'gone'))
     , CONSTRAINT post_said_whole     CHECK ((published_at_ms IS NULL) = (said IS NULL))
     , CONSTRAINT post_ships_by_date  CHECK (ships_by IS date(ships_by))
     ) STRICT, WITHOUT ROWID;

CREATE INDEX post_due ON post (store_id, due_at_ms) WHERE state = 'due';
CREATE INDEX post_by_sku ON post (store_id, sku);
CREATE INDEX post_published ON post (store_id, published_at_ms) WHERE published_at_ms IS NOT NULL;

-- A post on a network.
CREATE TABLE post_copy
     ( store_id   TEXT     NOT NULL
     , post       TEXT     NOT NULL
     , network    TEXT     NOT NULL
     , state      TEXT     NOT NULL
     , reference  TEXT               -- the network's name for it
     , edition    TEXT
     , url        TEXT
     , failure    TEXT
     , revision   INTEGER  NOT NULL
     , CONSTRAINT post_copy_once           PRIMARY KEY (store_id, post, network)
     , CONSTRAINT post_copy_post_known     FOREIGN KEY (store_id, post) REFERENCES post (store_id, post)
     , CONSTRAINT post_copy_network_known  CHECK (network IN ('mastodon', 'bluesky'))
     , CONSTRAINT post_copy_state_known    CHECK (state IN ('due', 'posted', 'failed', 'removing', 'removed'))
     ) STRICT, WITHOUT ROWID;

-- What was last known of goods that are not simply on the shelf.
CREATE TABLE post_outlook
     ( store_id  TEXT     NOT NULL
     , sku       TEXT     NOT NULL  -- empty: all that was so at first is among the others
     , outlook   TEXT     NOT NULL
     , ships_by  TEXT
     , revision  INTEGER  NOT NULL
     , CONSTRAINT post_outlook_once           PRIMARY KEY (store_id, sku)
     , CONSTRAINT post_outlook_store_known    FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT post_outlook_outlook_known  CHECK (outlook IN ('there', 'awaited', 'preorder', 'gone'))
     , CONSTRAINT post_outlook_ships_by_date  CHECK (ships_by IS date(ships_by))
     ) STRICT, WITHOUT ROWID;
