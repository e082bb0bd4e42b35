-- Orders under way are counted every second while somebody watches. The state is not in it, so that its changes stay HOT.
CREATE INDEX customer_order_open ON customer_order (id) WHERE ended_at IS NULL;
