-- Why one waits, as the merchant says it: what kind of reason it is, and words by language, as a JSON object.

ALTER TABLE sku ADD COLUMN reason_code TEXT
    CONSTRAINT sku_reason_code_known CHECK (reason_code IN ('production', 'materials', 'transport', 'customs', 'weather', 'demand', 'quality', 'closure', 'season'));
ALTER TABLE sku ADD COLUMN reason_words TEXT
    CONSTRAINT sku_reason_words_are_an_object CHECK (json_type(reason_words) = 'object');
ALTER TABLE supplier ADD COLUMN reason_code TEXT
    CONSTRAINT supplier_reason_code_known CHECK (reason_code IN ('production', 'materials', 'transport', 'customs', 'weather', 'demand', 'quality', 'closure', 'season'));
ALTER TABLE supplier ADD COLUMN reason_words TEXT
    CONSTRAINT supplier_reason_words_are_an_object CHECK (json_type(reason_words) = 'object');
ALTER TABLE purchase_order ADD COLUMN reason_code TEXT
    CONSTRAINT purchase_order_reason_code_known CHECK (reason_code IN ('production', 'materials', 'transport', 'customs', 'weather', 'demand', 'quality', 'closure', 'season'));
ALTER TABLE purchase_order ADD COLUMN reason_words TEXT
    CONSTRAINT purchase_order_reason_words_are_an_object CHECK (json_type(reason_words) = 'object');
