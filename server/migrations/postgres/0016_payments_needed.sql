-- What waits for a customer's payment is found without a look at every charge there ever was.

CREATE INDEX charge_needing_payment ON charge (store_id, shipment) WHERE state = 'payment_needed';
