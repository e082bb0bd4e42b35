-- name: insert_order
-- The order and the first line of its history, in one statement.
WITH placed AS (
    INSERT INTO customer_order (id, number, customer_id, restaurant_id, state, lines, bill, total_minor, currency,
                                destination, restaurant, note, placed_at, ready_at, eta_at, customer_name)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $19)
)
INSERT INTO order_transition (order_id, state, at, actor, actor_id, reason) VALUES ($1, $5, $13, $16, $17, $18);

-- name: get_order
SELECT * FROM customer_order WHERE id = $1;

-- name: get_snapshot
-- An order, its history and the position of its topic $2, of one moment.
SELECT o.*, topic_position($2) AS position,
       (SELECT json_agg(json_build_array(t.state, t.at, t.actor, t.actor_id, t.reason) ORDER BY t.step)
          FROM order_transition t WHERE t.order_id = o.id) AS history
  FROM customer_order o WHERE o.id = $1;

-- name: lock_order
SELECT * FROM customer_order WHERE id = $1 FOR NO KEY UPDATE;

-- name: update_order
-- The new state and the history's line, in one statement.
WITH changed AS (
    UPDATE customer_order SET state = $2, ready_at = $3, eta_at = $4, ended_at = $5 WHERE id = $1
)
INSERT INTO order_transition (order_id, state, at, actor, actor_id, reason) VALUES ($1, $2, $6, $7, $8, $9);

-- name: list_orders
-- A customer's orders, the newest first, after the id $2 (NULL: from the start).
SELECT * FROM customer_order WHERE customer_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3;

-- name: list_customers
SELECT id, customer_id FROM customer_order WHERE id = ANY($1::uuid[]);
