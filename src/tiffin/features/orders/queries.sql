-- name: insert_order
-- Part of a transaction's last statement: the order and the first line of its history.
placed_order AS (
    INSERT INTO customer_order (id, number, customer_id, restaurant_id, state, lines, bill, total_minor, currency,
                                destination, restaurant, note, placed_at, ready_at, eta_at, customer_name)
    VALUES ($1::uuid, $2::text, $3::uuid, $4::uuid, $5::text, $6::jsonb, $7::jsonb, $8::bigint, $9::text, $10::jsonb,
            $11::jsonb, $12::text, $13::timestamptz, $14::timestamptz, $15::timestamptz, $19::text)
), placed AS (
    INSERT INTO order_transition (order_id, state, at, actor, actor_id, reason)
    VALUES ($1::uuid, $5::text, $13::timestamptz, $16::text, $17::uuid, $18::text)
    RETURNING 1
);

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
-- Part of a transaction's last statement: the new state and the history's line.
changed_order AS (
    UPDATE customer_order SET state = $2::text, ready_at = $3::timestamptz, eta_at = $4::timestamptz,
                              ended_at = $5::timestamptz
     WHERE id = $1::uuid
), changed AS (
    INSERT INTO order_transition (order_id, state, at, actor, actor_id, reason)
    VALUES ($1::uuid, $2::text, $6::timestamptz, $7::text, $8::uuid, $9::text)
    RETURNING 1
);

-- name: update_eta
UPDATE customer_order SET eta_at = $2 WHERE id = $1;

-- name: list_orders
-- A customer's orders, the newest first, after the id $2 (NULL: from the start).
SELECT * FROM customer_order WHERE customer_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3;

-- name: list_customers
SELECT id, customer_id FROM customer_order WHERE id = ANY($1::uuid[]);

-- name: count_open_orders
SELECT state, count(*) AS orders FROM customer_order WHERE ended_at IS NULL GROUP BY state;

-- name: count_orders_since
-- Ids begin with the time they were made.
SELECT count(*) FROM customer_order WHERE id >= $1;
