-- Who ordered and what it costs, what is charged for each parcel, which delays were told, and what is still to be sent to
-- somebody outside: mail, requests to providers of payment, messages to the merchant's own systems.

ALTER TABLE sales_order ADD COLUMN email TEXT;      -- none: the shop writes to its customers itself
ALTER TABLE sales_order ADD COLUMN customer TEXT;   -- what the customer is called in a letter
ALTER TABLE sales_order ADD COLUMN language TEXT;   -- BCP 47; none: English
ALTER TABLE sales_order ADD COLUMN country TEXT;    -- ISO 3166-1, two letters: whose law the promise is under
ALTER TABLE sales_order ADD COLUMN delays TEXT;     -- what is done about late goods, as JSON: as it was when it was ordered
ALTER TABLE sales_order ADD COLUMN token TEXT;      -- who knows it may open the order's page; none: an order of before
ALTER TABLE sales_order ADD COLUMN currency TEXT;   -- ISO 4217; none: the order has no prices

-- Who is filled before others, whatever was promised; the reason stands with the act.
ALTER TABLE reservation ADD COLUMN priority INTEGER NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 1000);

-- How often a hold was renewed, and how often it may be.
ALTER TABLE reservation ADD COLUMN renewals INTEGER NOT NULL DEFAULT 0 CHECK (0 <= renewals);
ALTER TABLE store ADD COLUMN hold_renewals INTEGER NOT NULL DEFAULT 3 CHECK (hold_renewals BETWEEN 0 AND 100);

-- What is done about late goods, as JSON; none: what the law of the customer's country asks for.
ALTER TABLE store ADD COLUMN delays TEXT;

-- In minor units, of all units of the line.
ALTER TABLE sales_order_line ADD COLUMN goods    INTEGER NOT NULL DEFAULT 0 CHECK (0 <= goods);
ALTER TABLE sales_order_line ADD COLUMN discount INTEGER NOT NULL DEFAULT 0 CHECK (0 <= discount);
ALTER TABLE sales_order_line ADD COLUMN shipping INTEGER NOT NULL DEFAULT 0 CHECK (0 <= shipping);
ALTER TABLE sales_order_line ADD COLUMN tax      INTEGER NOT NULL DEFAULT 0 CHECK (0 <= tax);

-- When a part ended that was shipped or cancelled.
ALTER TABLE promised_part ADD COLUMN ended_at_ms INTEGER;

-- Which orders were placed within a time.
CREATE INDEX sales_order_by_time ON sales_order (store_id, placed_at_ms);

-- How an order is paid.
CREATE TABLE payment
     ( store_id       TEXT  NOT NULL
     , sales_order    TEXT  NOT NULL
     , provider       TEXT  NOT NULL
     , total          INTEGER  NOT NULL  -- minor units of the order's currency
     , state          TEXT  NOT NULL
     , reference      TEXT            -- the provider's name for it
     , client_secret  TEXT            -- with which the shopper's browser confirms it
     , customer       TEXT            -- the provider's name for who pays
     , method         TEXT            -- the provider's name for what is charged; never a card number
     , authorized     INTEGER  NOT NULL  -- what may be captured of the order as a whole
     , expires_at_ms  INTEGER            -- until when; none: as long as it takes
     , failure        TEXT
     , revision       INTEGER  NOT NULL
     , CONSTRAINT payment_once                 PRIMARY KEY (store_id, sales_order)
     , CONSTRAINT payment_order_known          FOREIGN KEY (store_id, sales_order)
                                               REFERENCES sales_order (store_id, sales_order)
     , CONSTRAINT payment_provider_known       CHECK (provider IN ('stripe', 'external'))
     , CONSTRAINT payment_state_known          CHECK (state IN ('beginning', 'awaiting', 'authorized', 'saved', 'failed', 'released'))
     , CONSTRAINT payment_total_not_negative   CHECK (0 <= total)
     , CONSTRAINT payment_authorized_in_total  CHECK (authorized BETWEEN 0 AND total)
     ) STRICT, WITHOUT ROWID;

CREATE INDEX payment_by_reference ON payment (store_id, reference);

-- What is charged for a parcel: at most once, and never before it left.
CREATE TABLE charge
     ( store_id        TEXT  NOT NULL
     , shipment        TEXT  NOT NULL  -- what the parcel is, or will be, called
     , sales_order     TEXT  NOT NULL
     , state           TEXT  NOT NULL
     , authorized      INTEGER  NOT NULL  -- what may be captured, in minor units
     , amount          INTEGER            -- what is captured for it; none: it has not left
     , captured        INTEGER  NOT NULL
     , refunded        INTEGER  NOT NULL
     , reference       TEXT            -- the provider's name for its own authorization; none: the order's
     , expires_at_ms   INTEGER
     , client_secret   TEXT            -- with which the shopper confirms it, where that is needed
     , pay_url         TEXT
     , failure         TEXT
     , captured_at_ms  INTEGER
     , grace_ends_ms   INTEGER            -- until when the goods are kept for who has to pay
     , revision        INTEGER  NOT NULL
     , CONSTRAINT charge_once                   PRIMARY KEY (store_id, shipment)
     , CONSTRAINT charge_payment_known          FOREIGN KEY (store_id, sales_order)
                                                REFERENCES payment (store_id, sales_order)
     , CONSTRAINT charge_state_known            CHECK (state IN ('authorizing', 'authorized', 'payment_needed', 'capturing', 'unknown', 'captured', 'releasing', 'released'))
     , CONSTRAINT charge_captured_when_shipped  CHECK (captured = 0 OR amount IS NOT NULL)
     , CONSTRAINT charge_captured_in_amount     CHECK (0 <= captured AND captured <= coalesce(amount, 0))
     , CONSTRAINT charge_amount_in_authorized   CHECK (amount IS NULL OR amount BETWEEN 0 AND authorized)
     , CONSTRAINT charge_refunded_in_captured   CHECK (refunded BETWEEN 0 AND captured)
     ) STRICT, WITHOUT ROWID;

CREATE INDEX charge_by_order ON charge (store_id, sales_order);

-- What is given back of what was captured.
CREATE TABLE refund
     ( store_id   TEXT  NOT NULL
     , refund     TEXT  NOT NULL
     , shipment   TEXT  NOT NULL
     , amount     INTEGER  NOT NULL
     , reason     TEXT
     , state      TEXT  NOT NULL
     , reference  TEXT
     , at_ms      INTEGER  NOT NULL
     , revision   INTEGER  NOT NULL
     , CONSTRAINT refund_once          PRIMARY KEY (store_id, refund)
     , CONSTRAINT refund_charge_known  FOREIGN KEY (store_id, shipment) REFERENCES charge (store_id, shipment)
     , CONSTRAINT refund_positive      CHECK (0 < amount)
     , CONSTRAINT refund_state_known   CHECK (state IN ('due', 'done', 'failed'))
     ) STRICT, WITHOUT ROWID;

CREATE INDEX refund_by_charge ON refund (store_id, shipment);

-- Everything that became of money: a ledger.
CREATE TABLE money_event
     ( store_id     TEXT  NOT NULL
     , sales_order  TEXT  NOT NULL
     , event        INTEGER  NOT NULL  -- from 1
     , shipment     TEXT
     , kind         TEXT  NOT NULL
     , amount       INTEGER  NOT NULL
     , reference    TEXT
     , at_ms        INTEGER  NOT NULL
     , revision     INTEGER  NOT NULL
     , CONSTRAINT money_event_once           PRIMARY KEY (store_id, sales_order, event)
     , CONSTRAINT money_event_payment_known  FOREIGN KEY (store_id, sales_order)
                                             REFERENCES payment (store_id, sales_order)
     ) STRICT, WITHOUT ROWID;

-- What the customer is told of a date that was moved: one for each row of the promise that is told.
CREATE TABLE notice
     ( store_id    TEXT  NOT NULL
     , sales_order TEXT  NOT NULL
     , line        INTEGER  NOT NULL
     , part        INTEGER  NOT NULL
     , version     INTEGER  NOT NULL  -- of the promise
     , kind        TEXT  NOT NULL
     , was_by      TEXT            -- the date that was told before; none: it was not known
     , now_by      TEXT            -- none: not known
     , silence     TEXT  NOT NULL  -- what follows where nobody answers
     , reply_by    TEXT            -- last day on which an answer counts
     , cancels_on  TEXT            -- the last day of the part, where silence cancels
     , state       TEXT  NOT NULL
     , made_at_ms  INTEGER  NOT NULL
     , told_at_ms  INTEGER
     , revision    INTEGER  NOT NULL
     , CONSTRAINT notice_was_by_date CHECK (was_by IS date(was_by))
     , CONSTRAINT notice_now_by_date CHECK (now_by IS date(now_by))
     , CONSTRAINT notice_reply_by_date CHECK (reply_by IS date(reply_by))
     , CONSTRAINT notice_cancels_on_date CHECK (cancels_on IS date(cancels_on))
     , CONSTRAINT notice_once           PRIMARY KEY (store_id, sales_order, line, part, version)
     , CONSTRAINT notice_promise_known  FOREIGN KEY (store_id, sales_order, line, part, version)
                                        REFERENCES promise (store_id, reservation, line, part, version)
     , CONSTRAINT notice_silence_known  CHECK (silence IN ('consents', 'cancels', 'nothing'))
     , CONSTRAINT notice_state_known    CHECK (state IN ('due', 'told', 'replaced'))
     ) STRICT, WITHOUT ROWID;

-- What was told and answered of a part's date, and what followed from it: a ledger.
CREATE TABLE delay_event
     ( store_id    TEXT  NOT NULL
     , sales_order TEXT  NOT NULL
     , line        INTEGER  NOT NULL
     , part        INTEGER  NOT NULL
     , event       INTEGER  NOT NULL  -- from 1
     , kind        TEXT  NOT NULL
     , on_day      TEXT  NOT NULL
     , due         TEXT            -- the date that it is about; none: not known, or about none
     , cause       TEXT
     , at_ms       INTEGER  NOT NULL
     , revision    INTEGER  NOT NULL
     , CONSTRAINT delay_event_on_day_date CHECK (on_day IS date(on_day))
     , CONSTRAINT delay_event_due_date CHECK (due IS date(due))
     , CONSTRAINT delay_event_once         PRIMARY KEY (store_id, sales_order, line, part, event)
     , CONSTRAINT delay_event_order_known  FOREIGN KEY (store_id, sales_order)
                                           REFERENCES sales_order (store_id, sales_order)
     , CONSTRAINT delay_event_kind_known   CHECK (kind IN ('told', 'consented', 'extra_period_set', 'seller_refused', 'shipped', 'cancelled', 'refund_started'))
     ) STRICT, WITHOUT ROWID;

-- What is to be sent to somebody outside, committed with the change that it tells of.
CREATE TABLE errand
     ( store_id         TEXT  NOT NULL
     , errand           TEXT  NOT NULL  -- its kind and what it is about: nothing is asked twice
     , kind             TEXT  NOT NULL
     , sales_order      TEXT
     , content          TEXT  NOT NULL  -- as JSON
     , due_at_ms        INTEGER  NOT NULL
     , attempts         INTEGER  NOT NULL
     , taken_until_ms   INTEGER  NOT NULL  -- some server is at it until then
     , ended_at_ms      INTEGER
     , ended_by         TEXT
     , failure          TEXT
     , made_at_ms       INTEGER  NOT NULL
     , revision         INTEGER  NOT NULL
     , CONSTRAINT errand_once            PRIMARY KEY (store_id, errand)
     , CONSTRAINT errand_ended_by_known  CHECK (ended_by IN ('done', 'given_up', 'dropped'))
     , CONSTRAINT errand_ended_both      CHECK ((ended_at_ms IS NULL) = (ended_by IS NULL))
     ) STRICT, WITHOUT ROWID;

CREATE INDEX errand_due ON errand (store_id, due_at_ms) WHERE ended_at_ms IS NULL;
CREATE INDEX errand_by_order ON errand (store_id, sales_order);

-- Letters as a merchant words them.
CREATE TABLE letter_template
     ( store_id  TEXT  NOT NULL
     , letter    TEXT  NOT NULL
     , language  TEXT  NOT NULL
     , subject   TEXT  NOT NULL
     , mjml      TEXT  NOT NULL
     , plain     TEXT  NOT NULL
     , revision  INTEGER  NOT NULL
     , CONSTRAINT letter_template_once         PRIMARY KEY (store_id, letter, language)
     , CONSTRAINT letter_template_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     ) STRICT, WITHOUT ROWID;

CREATE TRIGGER money_event_is_never_changed BEFORE UPDATE ON money_event
BEGIN
    SELECT RAISE(ABORT, 'money_event is append-only');
END;

CREATE TRIGGER money_event_is_never_removed BEFORE DELETE ON money_event
BEGIN
    SELECT RAISE(ABORT, 'money_event is append-only');
END;

CREATE TRIGGER delay_event_is_never_changed BEFORE UPDATE ON delay_event
BEGIN
    SELECT RAISE(ABORT, 'delay_event is append-only');
END;

CREATE TRIGGER delay_event_is_never_removed BEFORE DELETE ON delay_event
BEGIN
    SELECT RAISE(ABORT, 'delay_event is append-only');
END;
