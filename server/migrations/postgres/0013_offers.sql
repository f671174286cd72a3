-- What is given to whoever waits: by which rules, tried on whom, and what became of it. Who orders is a hash: no name and no address.

CREATE TABLE offer_rule
     ( store_id       TEXT COLLATE "C"  NOT NULL
     , rule           TEXT COLLATE "C"  NOT NULL
     , terms          TEXT COLLATE "C"  NOT NULL  -- what is given, to whom, in which words; as JSON
     , is_on          BOOLEAN           NOT NULL
     , run            BIGINT            NOT NULL  -- from 1; with other terms the next one begins
     , begun_at_ms    BIGINT            NOT NULL  -- when this run began
     , budget_count   BIGINT            -- most offers; none: any number
     , budget_amount  BIGINT            -- most that they may cost, in minor units; none: any amount
     , issued         BIGINT            NOT NULL  -- offers that were not revoked, of all runs
     , issued_amount  BIGINT            NOT NULL  -- what they may cost
     , removed_at_ms  BIGINT            -- when the merchant removed it; what was issued stands
     , revision       BIGINT            NOT NULL
     , CONSTRAINT offer_rule_once           PRIMARY KEY (store_id, rule)
     , CONSTRAINT offer_rule_store_known    FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT offer_rule_run_from_one   CHECK (1 <= run)
     , CONSTRAINT offer_rule_within_count   CHECK (0 <= issued AND (budget_count IS NULL OR issued <= budget_count))
     , CONSTRAINT offer_rule_within_amount  CHECK (0 <= issued_amount AND (budget_amount IS NULL OR issued_amount <= budget_amount))
     );

-- Who placed an order, as long as the store has rules.
CREATE TABLE order_shopper
     ( store_id     TEXT COLLATE "C"  NOT NULL
     , sales_order  TEXT COLLATE "C"  NOT NULL
     , shopper      TEXT COLLATE "C"  NOT NULL
     , waited       BOOLEAN           NOT NULL  -- some of it had to come first
     , revision     BIGINT            NOT NULL
     , CONSTRAINT order_shopper_once         PRIMARY KEY (store_id, sales_order)
     , CONSTRAINT order_shopper_order_known  FOREIGN KEY (store_id, sales_order)
                                             REFERENCES sales_order (store_id, sales_order)
     );

CREATE INDEX order_shopper_by_shopper ON order_shopper (store_id, shopper);

-- Who saw, or would have seen, an offer; once for each run.
CREATE TABLE offer_exposure
     ( store_id     TEXT COLLATE "C"  NOT NULL
     , rule         TEXT COLLATE "C"  NOT NULL
     , run          BIGINT            NOT NULL
     , shopper      TEXT COLLATE "C"  NOT NULL
     , arm          TEXT COLLATE "C"  NOT NULL
     , shown_in     TEXT COLLATE "C"  NOT NULL
     , shown_at_ms  BIGINT            NOT NULL
     , revision     BIGINT            NOT NULL
     , CONSTRAINT offer_exposure_once        PRIMARY KEY (store_id, rule, run, shopper)
     , CONSTRAINT offer_exposure_rule_known  FOREIGN KEY (store_id, rule) REFERENCES offer_rule (store_id, rule)
     , CONSTRAINT offer_exposure_arm_known   CHECK (arm IN ('offer', 'holdout'))
     , CONSTRAINT offer_exposure_in_known    CHECK (shown_in IN ('product', 'cart', 'order'))
     );

-- Orders that a rule was tried on: at most one rule for each.
CREATE TABLE offer_assignment
     ( store_id     TEXT COLLATE "C"  NOT NULL
     , sales_order  TEXT COLLATE "C"  NOT NULL
     , rule         TEXT COLLATE "C"  NOT NULL
     , run          BIGINT            NOT NULL
     , shopper      TEXT COLLATE "C"  NOT NULL
     , arm          TEXT COLLATE "C"  NOT NULL
     , at_ms        BIGINT            NOT NULL
     , revision     BIGINT            NOT NULL
     , CONSTRAINT offer_assignment_once         PRIMARY KEY (store_id, sales_order)
     , CONSTRAINT offer_assignment_order_known  FOREIGN KEY (store_id, sales_order)
                                                REFERENCES sales_order (store_id, sales_order)
     , CONSTRAINT offer_assignment_rule_known   FOREIGN KEY (store_id, rule) REFERENCES offer_rule (store_id, rule)
     , CONSTRAINT offer_assignment_arm_known    CHECK (arm IN ('offer', 'holdout'))
     );

CREATE INDEX offer_assignment_by_shopper ON offer_assignment (store_id, shopper);
CREATE INDEX offer_assignment_by_rule ON offer_assignment (store_id, rule, run);

-- What was given: at most once for each order, and redeemed at most once.
CREATE TABLE offer
     ( store_id       TEXT COLLATE "C"  NOT NULL
     , sales_order    TEXT COLLATE "C"  NOT NULL
     , code           TEXT COLLATE "C"  NOT NULL  -- whoever knows it may redeem it
     , kind           TEXT COLLATE "C"  NOT NULL
     , percent        BIGINT
     , amount         BIGINT            -- what it is worth, in minor units; none: the shop knows it
     , amount_max     BIGINT            -- what it is worth at most; none: not limited
     , currency       TEXT COLLATE "C"
     , gift           TEXT COLLATE "C"  -- the SKU that is given
     , counted        BIGINT            NOT NULL  -- what it takes of the rule's budget, in minor units
     , words          TEXT COLLATE "C"  NOT NULL  -- the merchant's own by language, as JSON
     , is_taken_back  BOOLEAN           NOT NULL  -- whether it is taken back where its order is cancelled after it was redeemed
     , state          TEXT COLLATE "C"  NOT NULL
     , issued_at_ms   BIGINT            NOT NULL
     , expires_on     DATE              NOT NULL  -- the last day on which it can be redeemed
     , redeemed_at_ms BIGINT
     , revoked_at_ms  BIGINT            -- when it was revoked or taken back
     , revision       BIGINT            NOT NULL
     , CONSTRAINT offer_once                 PRIMARY KEY (store_id, sales_order)
     , CONSTRAINT offer_code_once            UNIQUE (store_id, code)
     , CONSTRAINT offer_assignment_known     FOREIGN KEY (store_id, sales_order)
                                             REFERENCES offer_assignment (store_id, sales_order)
     , CONSTRAINT offer_gift_known           FOREIGN KEY (store_id, gift) REFERENCES sku (store_id, sku)
     , CONSTRAINT offer_kind_known           CHECK (kind IN ('free_shipping', 'percentage', 'amount', 'gift'))
     , CONSTRAINT offer_state_known          CHECK (state IN ('issued', 'redeemed', 'revoked', 'taken_back'))
     , CONSTRAINT offer_within_its_cap       CHECK (amount IS NULL OR amount_max IS NULL OR amount <= amount_max)
     , CONSTRAINT offer_not_negative         CHECK (0 <= coalesce(amount, 0) AND 0 <= counted)
     , CONSTRAINT offer_redeemed_when        CHECK ((state IN ('redeemed', 'taken_back')) = (redeemed_at_ms IS NOT NULL))
     , CONSTRAINT offer_revoked_when         CHECK ((state IN ('revoked', 'taken_back')) = (revoked_at_ms IS NOT NULL))
     );

CREATE TRIGGER offer_assignment_is_never_changed BEFORE UPDATE ON offer_assignment
   FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER offer_assignment_is_never_removed BEFORE DELETE ON offer_assignment
   FOR EACH ROW EXECUTE FUNCTION append_only();

CALL keep_stores_apart('offer_rule');
CALL keep_stores_apart('order_shopper');
CALL keep_stores_apart('offer_exposure');
CALL keep_stores_apart('offer_assignment');
CALL keep_stores_apart('offer');
