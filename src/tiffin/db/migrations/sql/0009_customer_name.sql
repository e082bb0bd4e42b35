-- Who ordered, as it was then: the kitchen shows it without asking for the account.
ALTER TABLE customer_order ADD COLUMN customer_name text NOT NULL DEFAULT '';
UPDATE customer_order o SET customer_name = a.name FROM account a WHERE a.id = o.customer_id;
