-- Who ordered and what it costs, what is charged for each parcel, which delays were told, and what is still to be sent to
-- somebody outside: mail, requests to providers of payment, messages to the merchant's own systems.

ALTER TABLE sales_order ADD COLUMN email TEXT COLLATE "C";      -- none: the shop writes to its customers itself
ALTER TABLE sales_order ADD COLUMN customer TEXT COLLATE "C";   -- what the customer is called in a letter
ALTER TABLE sales_order ADD COLUMN language TEXT COLLATE "C";   -- BCP 47; none: English
ALTER TABLE sales_order ADD COLUMN country TEXT COLLATE "C";    -- ISO 3166-1, two letters: whose law the promise is under
ALTER TABLE sales_order ADD COLUMN delays TEXT COLLATE "C";     -- what is done about late goods, as JSON: as it was when it was ordered
ALTER TABLE sales_order ADD COLUMN token TEXT COLLATE "C";      -- who knows it may open the order's page; none: an order of before
ALTER TABLE sales_order ADD COLUMN currency TEXT COLLATE "C";   -- ISO 4217; none: the order has no prices

-- Who is filled before others, whatever was promised; the reason stands with the act.
ALTER TABLE reservation ADD COLUMN priority BIGINT NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 1000);

-- How often a hold was renewed, and how often it may be.
ALTER TABLE reservation ADD COLUMN renewals BIGINT NOT NULL DEFAULT 0 CHECK (0 <= renewals);
ALTER TABLE store ADD COLUMN hold_renewals BIGINT NOT NULL DEFAULT 3 CHECK (hold_renewals BETWEEN 0 AND 100);

-- What is done about late goods, as JSON; none: what the law of the customer's country asks for.
ALTER TABLE store ADD COLUMN delays TEXT COLLATE "C";

-- In minor units, of all units of the line.
ALTER TABLE sales_order_line ADD COLUMN goods    BIGINT NOT NULL DEFAULT 0 CHECK (0 <= goods);
ALTER TABLE sales_order_line ADD COLUMN discount BIGINT NOT NULL DEFAULT 0 CHECK (0 <= discount);
ALTER TABLE sales_order_line ADD COLUMN shipping BIGINT NOT NULL DEFAULT 0 CHECK (0 <= shipping);
ALTER TABLE sales_order_line ADD COLUMN tax      BIGINT NOT NULL DEFAULT 0 CHECK (0 <= tax);

-- When a part ended that was shipped or cancelled.
ALTER TABLE promised_part ADD COLUMN ended_at_ms BIGINT;

-- Which orders were placed within a time.
CREATE INDEX sales_order_by_time ON sales_order (store_id, placed_at_ms);

-- How an order is paid.
CREATE TABLE payment
     ( store_id       TEXT COLLATE "C"  NOT NULL
     , sales_order    TEXT COLLATE "C"  NOT NULL
     , provider       TEXT COLLATE "C"  NOT NULL
     , total          BIGINT  NOT NULL  -- minor units of the order's currency
     , state          TEXT COLLATE "C"  NOT NULL
     , reference      TEXT COLLATE "C"            -- the provider's name for it
     , client_secret  TEXT COLLATE "C"            -- with which the shopper's browser confirms it
     , customer       TEXT COLLATE "C"            -- the provider's name for who pays
     , method         TEXT COLLATE "C"            -- the provider's name for what is charged; never a card number
     , authorized     BIGINT  NOT NULL  -- what may be captured of the order as a whole
     , expires_at_ms  BIGINT            -- until when; none: as long as it takes
     , failure        TEXT COLLATE "C"
     , revision       BIGINT  NOT NULL
     , CONSTRAINT payment_once                 PRIMARY KEY (store_id, sales_order)
     , CONSTRAINT payment_order_known          FOREIGN KEY (store_id, sales_order)
                                               REFERENCES sales_order (store_id, sales_order)
     , CONSTRAINT payment_provider_known       CHECK (provider IN ('stripe', 'external'))
     , CONSTRAINT payment_state_known          CHECK (state IN ('beginning', 'awaiting', 'authorized', 'saved', 'failed', 'released'))
     , CONSTRAINT payment_total_not_negative   CHECK (0 <= total)
     , CONSTRAINT payment_authorized_in_total  CHECK (authorized BETWEEN 0 AND total)
     );

CREATE INDEX payment_by_reference ON payment (store_id, reference);

-- What is charged for a parcel: at most once, and never before it left.
CREATE TABLE charge
     ( store_id        TEXT COLLATE "C"  NOT NULL
     , shipment        TEXT COLLATE "C"  NOT NULL  -- what the parcel is, or will be, called
     , sales_order     TEXT COLLATE "C"  NOT NULL
     , state           TEXT COLLATE "C"  NOT NULL
     , authorized      BIGINT  NOT NULL  -- what may be captured, in minor units
     , amount          BIGINT            -- what is captured for it; none: it has not left
     , captured        BIGINT  NOT NULL
     , refunded        BIGINT  NOT NULL
     , reference       TEXT COLLATE "C"            -- the provider's name for its own authorization; none: the order's
     , expires_at_ms   BIGINT
     , client_secret   TEXT COLLATE "C"            -- with which the shopper confirms it, where that is needed
     , pay_url         TEXT COLLATE "C"
     , failure         TEXT COLLATE "C"
     , captured_at_ms  BIGINT
     , grace_ends_ms   BIGINT            -- until when the goods are kept for who has to pay
     , revision        BIGINT  NOT NULL
     , CONSTRAINT charge_once                   PRIMARY KEY (store_id, shipment)
     , CONSTRAINT charge_payment_known          FOREIGN KEY (store_id, sales_order)
                                                REFERENCES payment (store_id, sales_order)
     , CONSTRAINT charge_state_known            CHECK (state IN ('authorizing', 'authorized', 'payment_needed', 'capturing', 'unknown', 'captured', 'releasing', 'released'))
     , CONSTRAINT charge_captured_when_shipped  CHECK (captured = 0 OR amount IS NOT NULL)
     , CONSTRAINT charge_captured_in_amount     CHECK (0 <= captured AND captured <= coalesce(amount, 0))
     , CONSTRAINT charge_amount_in_authorized   CHECK (amount IS NULL OR amount BETWEEN 0 AND authorized)
     , CONSTRAINT charge_refunded_in_captured   CHECK (refunded BETWEEN 0 AND captured)
     );

CREATE INDEX charge_by_order ON charge (store_id, sales_order);

-- What is given back of what was captured.
CREATE TABLE refund
     ( store_id   TEXT COLLATE "C"  NOT NULL
     , refund     TEXT COLLATE "C"  NOT NULL
     , shipment   TEXT COLLATE "C"  NOT NULL
     , amount     BIGINT  NOT NULL
     , reason     TEXT COLLATE "C"
     , state      TEXT COLLATE "C"  NOT NULL
     , reference  TEXT COLLATE "C"
     , at_ms      BIGINT  NOT NULL
     , revision   BIGINT  NOT NULL
     , CONSTRAINT refund_once          PRIMARY KEY (store_id, refund)
     , CONSTRAINT refund_charge_known  FOREIGN KEY (store_id, shipment) REFERENCES charge (store_id, shipment)
     , CONSTRAINT refund_positive      CHECK (0 < amount)
     , CONSTRAINT refund_state_known   CHECK (state IN ('due', 'done', 'failed'))
     );

CREATE INDEX refund_by_charge ON refund (store_id, shipment);

-- Everything that became of money: a ledger.
CREATE TABLE money_event
     ( store_id     TEXT COLLATE "C"  NOT NULL
     , sales_order  TEXT COLLATE "C"  NOT NULL
     , event        BIGINT  NOT NULL  -- from 1
     , shipment     TEXT COLLATE "C"
     , kind         TEXT COLLATE "C"  NOT NULL
     , amount       BIGINT  NOT NULL
     , reference    TEXT COLLATE "C"
     , at_ms        BIGINT  NOT NULL
     , revision     BIGINT  NOT NULL
     , CONSTRAINT money_event_once           PRIMARY KEY (store_id, sales_order, event)
     , CONSTRAINT money_event_payment_known  FOREIGN KEY (store_id, sales_order)
                                             REFERENCES payment (store_id, sales_order)
     );

-- What the customer is told of a date that was moved: one for each row of the promise that is told.
CREATE TABLE notice
     ( store_id    TEXT COLLATE "C"  NOT NULL
     , sales_order TEXT COLLATE "C"  NOT NULL
     , line        BIGINT  NOT NULL
     , part        BIGINT  NOT NULL
     , version     BIGINT  NOT NULL  -- of the promise
     , kind        TEXT COLLATE "C"  NOT NULL
     , was_by      DATE            -- the date that was told before; none: it was not known
     , now_by      DATE            -- none: not known
     , silence     TEXT COLLATE "C"  NOT NULL  -- what follows where nobody answers
     , reply_by    DATE            -- last day on which an answer counts
     , cancels_on  DATE            -- the last day of the part, where silence cancels
     , state       TEXT COLLATE "C"  NOT NULL
     , made_at_ms  BIGINT  NOT NULL
     , told_at_ms  BIGINT
     , revision    BIGINT  NOT NULL
     , CONSTRAINT notice_once           PRIMARY KEY (store_id, sales_order, line, part, version)
     , CONSTRAINT notice_promise_known  FOREIGN KEY (store_id, sales_order, line, part, version)
                                        REFERENCES promise (store_id, reservation, line, part, version)
     , CONSTRAINT notice_silence_known  CHECK (silence IN ('consents', 'cancels', 'nothing'))
     , CONSTRAINT notice_state_known    CHECK (state IN ('due', 'told', 'replaced'))
     );

-- What was told and answered of a part's date, and what followed from it: a ledger.
CREATE TABLE delay_event
     ( store_id    TEXT COLLATE "C"  NOT NULL
     , sales_order TEXT COLLATE "C"  NOT NULL
     , line        BIGINT  NOT NULL
     , part        BIGINT  NOT NULL
     , event       BIGINT  NOT NULL  -- from 1
     , kind        TEXT COLLATE "C"  NOT NULL
     , on_day      DATE  NOT NULL
     , due         DATE            -- the date that it is about; none: not known, or about none
     , cause       TEXT COLLATE "C"
     , at_ms       BIGINT  NOT NULL
     , revision    BIGINT  NOT NULL
     , CONSTRAINT delay_event_once         PRIMARY KEY (store_id, sales_order, line, part, event)
     , CONSTRAINT delay_event_order_known  FOREIGN KEY (store_id, sales_order)
                                           REFERENCES sales_order (store_id, sales_order)
     , CONSTRAINT delay_event_kind_known   CHECK (kind IN ('told', 'consented', 'extra_period_set', 'seller_refused', 'shipped', 'cancelled', 'refund_started'))
     );

-- What is to be sent to somebody outside, committed with the change that it tells of.
CREATE TABLE errand
     ( store_id         TEXT COLLATE "C"  NOT NULL
     , errand           TEXT COLLATE "C"  NOT NULL  -- its kind and what it is about: nothing is asked twice
     , kind             TEXT COLLATE "C"  NOT NULL
     , sales_order      TEXT COLLATE "C"
     , content          TEXT COLLATE "C"  NOT NULL  -- as JSON
     , due_at_ms        BIGINT  NOT NULL
     , attempts         BIGINT  NOT NULL
     , taken_until_ms   BIGINT  NOT NULL  -- some server is at it until then
     , ended_at_ms      BIGINT
     , ended_by         TEXT COLLATE "C"
     , failure          TEXT COLLATE "C"
     , made_at_ms       BIGINT  NOT NULL
     , revision         BIGINT  NOT NULL
     , CONSTRAINT errand_once            PRIMARY KEY (store_id, errand)
     , CONSTRAINT errand_ended_by_known  CHECK (ended_by IN ('done', 'given_up', 'dropped'))
     , CONSTRAINT errand_ended_both      CHECK ((ended_at_ms IS NULL) = (ended_by IS NULL))
     );

CREATE INDEX errand_due ON errand (store_id, due_at_ms) WHERE ended_at_ms IS NULL;
CREATE INDEX errand_by_order ON errand (store_id, sales_order);

-- Letters as a merchant words them.
CREATE TABLE letter_template
     ( store_id  TEXT COLLATE "C"  NOT NULL
     , letter    TEXT COLLATE "C"  NOT NULL
     , language  TEXT COLLATE "C"  NOT NULL
     , subject   TEXT COLLATE "C"  NOT NULL
     , mjml      TEXT COLLATE "C"  NOT NULL
     , plain     TEXT COLLATE "C"  NOT NULL
     , revision  BIGINT  NOT NULL
     , CONSTRAINT letter_template_once         PRIMARY KEY (store_id, letter, language)
     , CONSTRAINT letter_template_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     );

CREATE TRIGGER money_event_is_never_changed BEFORE UPDATE ON money_event
   FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER money_event_is_never_removed BEFORE DELETE ON money_event
   FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER delay_event_is_never_changed BEFORE UPDATE ON delay_event
   FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER delay_event_is_never_removed BEFORE DELETE ON delay_event
   FOR EACH ROW EXECUTE FUNCTION append_only();

CALL keep_stores_apart('payment');
CALL keep_stores_apart('charge');
CALL keep_stores_apart('refund');
CALL keep_stores_apart('money_event');
CALL keep_stores_apart('notice');
CALL keep_stores_apart('delay_event');
CALL keep_stores_apart('errand');
CALL keep_stores_apart('letter_template');
