-- name: upsert_on_duty
-- Begin a shift. No row: the courier is on duty already.
INSERT INTO courier (account_id, name, on_duty, on_duty_since) VALUES ($1, $2, true, now())
    ON CONFLICT (account_id) DO UPDATE
   SET name = excluded.name, on_duty = true, shift = courier.shift + 1, on_duty_since = now()
 WHERE NOT courier.on_duty
RETURNING *;

-- name: update_off_duty
UPDATE courier SET on_duty = false, on_duty_since = NULL WHERE account_id = $1;

-- name: delete_location
DELETE FROM courier_location WHERE courier_id = $1;

-- name: get_courier
SELECT * FROM courier WHERE account_id = $1;

-- name: lock_courier
SELECT * FROM courier WHERE account_id = $1 FOR NO KEY UPDATE;

-- name: get_location
-- Where a courier on duty is.
SELECT l.* FROM courier_location l JOIN courier c ON c.account_id = l.courier_id
 WHERE l.courier_id = $1 AND c.on_duty AND c.shift = l.shift;

-- name: list_on_duty
-- Everybody on duty with the last position and the orders they have, for operations.
SELECT c.account_id, c.name, c.on_duty_since, l.latitude, l.longitude, l.accuracy_meters, l.heading_degrees,
       l.speed_mps, l.at, l.received_at,
       ARRAY(SELECT d.order_id FROM delivery d WHERE d.courier_id = c.account_id AND d.ended_at IS NULL
              ORDER BY d.order_id) AS order_ids
  FROM courier c LEFT JOIN courier_location l ON l.courier_id = c.account_id AND l.shift = c.shift
 WHERE c.on_duty ORDER BY c.name, c.account_id LIMIT 10000;

-- name: count_couriers
-- On duty, of these with orders; and orders for which nobody has been found yet.
SELECT (SELECT count(*) FROM courier WHERE on_duty) AS on_duty,
       (SELECT count(DISTINCT d.courier_id) FROM delivery d WHERE d.ended_at IS NULL AND d.courier_id IS NOT NULL)
           AS busy,
       (SELECT count(*) FROM delivery d WHERE d.ended_at IS NULL AND d.state IN ('searching', 'offered')) AS searching;

-- name: insert_delivery
-- Part of a transaction's last statement.
delivery_made AS (
    INSERT INTO delivery (order_id, customer_id, state, code, pick_up_latitude, pick_up_longitude,
                          drop_off_latitude, drop_off_longitude)
    VALUES ($1::uuid, $2::uuid, 'waiting', $3::text, $4::float8, $5::float8, $6::float8, $7::float8)
    RETURNING 1
);

-- name: get_delivery
SELECT *, topic_position($2) AS position FROM delivery WHERE order_id = $1;

-- name: lock_delivery
SELECT * FROM delivery WHERE order_id = $1 FOR NO KEY UPDATE;

-- name: list_active_deliveries
-- What a courier has to bring, in the order in which it was taken.
SELECT * FROM delivery WHERE courier_id = $1 AND ended_at IS NULL ORDER BY assigned_at, order_id;

-- name: count_active_deliveries
SELECT count(*) FROM delivery WHERE courier_id = $1 AND ended_at IS NULL;

-- name: update_search
-- Ask for a search that makes all earlier ones void.
UPDATE delivery SET state = 'searching', search = search + 1, round = $2,
                    searching_since = coalesce(searching_since, now())
 WHERE order_id = $1
RETURNING search, extract(epoch FROM now() - searching_since)::float8 AS searched_seconds;

-- name: update_operations_told
UPDATE delivery SET operations_told_at = now() WHERE order_id = $1;

-- name: update_offered
UPDATE delivery SET state = 'offered', searching_since = coalesce(searching_since, now()) WHERE order_id = $1;

-- name: update_assigned
UPDATE delivery SET state = 'assigned', courier_id = $2, courier_name = $3, assignment = assignment + 1,
                    assigned_at = now(), searching_since = NULL
 WHERE order_id = $1 RETURNING *;

-- name: update_unassigned
UPDATE delivery SET courier_id = NULL, courier_name = NULL, assigned_at = NULL, arrived_at = NULL, state = 'searching'
 WHERE order_id = $1;

-- name: update_arrived
UPDATE delivery SET state = 'arrived', arrived_at = now() WHERE order_id = $1 RETURNING *;

-- name: update_on_board
-- By the wall clock: a position that was measured while this transaction waited for a lock is not one from on board.
UPDATE delivery SET state = 'on_board', picked_up_at = clock_timestamp() WHERE order_id = $1 RETURNING *;

-- name: update_ended
UPDATE delivery SET state = 'ended', ended_at = now() WHERE order_id = $1 RETURNING *;

-- name: update_near
-- No row: somebody else has told it, or it is over.
UPDATE delivery SET near_at = now() WHERE order_id = $1 AND state = 'on_board' AND near_at IS NULL RETURNING 1;

-- name: update_told_eta
UPDATE delivery SET told_eta_at = $2 WHERE order_id = $1 AND state = 'on_board' RETURNING 1;

-- name: lock_nearest_free
-- The courier to ask next: on duty, seen within $4 seconds, within $5 meters of the restaurant ($2, $3), not asked in
-- this round ($6) and with no other offer open. Those without orders come first, then the nearest. Distances are flat,
-- which is right enough to compare. Whoever another search is looking at is left to it.
SELECT c.account_id, c.name, sqrt(near.squared)::int AS distance_meters
  FROM courier c
  JOIN courier_location l ON l.courier_id = c.account_id AND l.shift = c.shift
 CROSS JOIN LATERAL (
       SELECT (111320 * (l.latitude - $2)) ^ 2 + (111320 * cos(radians($2)) * (l.longitude - $3)) ^ 2 AS squared
  ) near
 CROSS JOIN LATERAL (
       SELECT count(*) AS orders FROM delivery d WHERE d.courier_id = c.account_id AND d.ended_at IS NULL
  ) busy
 WHERE c.on_duty AND l.received_at > now() - make_interval(secs => $4) AND near.squared <= $5::float8 ^ 2
   AND busy.orders < $7
   AND NOT EXISTS (SELECT FROM delivery_offer o WHERE o.courier_id = c.account_id AND o.state = 'open')
   AND NOT EXISTS (SELECT FROM delivery_offer o
                    WHERE o.order_id = $1 AND o.round = $6 AND o.courier_id = c.account_id)
 ORDER BY busy.orders > 0, near.squared, c.account_id
 LIMIT 1 FOR NO KEY UPDATE OF c SKIP LOCKED;

-- name: was_anybody_asked
SELECT EXISTS (SELECT FROM delivery_offer WHERE order_id = $1 AND round = $2);

-- name: insert_offer
-- $6: seconds to answer, by PostgreSQL's clock. No row: the courier has another offer since.
INSERT INTO delivery_offer (id, order_id, courier_id, round, state, distance_meters, expires_at)
VALUES ($1, $2, $3, $4, 'open', $5, now() + make_interval(secs => $6))
    ON CONFLICT DO NOTHING
RETURNING *;

-- name: get_offer
SELECT * FROM delivery_offer WHERE id = $1;

-- name: lock_offer
SELECT * FROM delivery_offer WHERE id = $1 FOR UPDATE;

-- name: lock_open_offer
SELECT * FROM delivery_offer WHERE order_id = $1 AND state = 'open' FOR UPDATE;

-- name: list_open_offers
SELECT * FROM delivery_offer WHERE courier_id = $1 AND state = 'open';

-- name: update_offer
UPDATE delivery_offer SET state = $2 WHERE id = $1;

-- name: postpone_offers
UPDATE delivery_offer SET expires_at = expires_at + $2
 WHERE id IN (SELECT id FROM delivery_offer WHERE state = 'open' AND expires_at > $1 ORDER BY id FOR UPDATE)
RETURNING *;

-- name: list_reporting
-- Of these couriers, those on duty, each with the last position and a line for every order on board.
SELECT c.account_id, c.shift, l.latitude, l.longitude, l.accuracy_meters, l.at,
       d.order_id, d.assignment, d.picked_up_at, d.drop_off_latitude, d.drop_off_longitude, d.near_at, d.told_eta_at
  FROM courier c
  LEFT JOIN courier_location l ON l.courier_id = c.account_id AND l.shift = c.shift
  LEFT JOIN delivery d ON d.courier_id = c.account_id AND d.ended_at IS NULL AND d.state = 'on_board'
 WHERE c.account_id = ANY($1::uuid[]) AND c.on_duty;

-- name: upsert_locations
-- Keep the newest position of each courier; returns those whose position it is now. In one order, so that two nodes
-- never wait for each other.
INSERT INTO courier_location AS l (courier_id, shift, latitude, longitude, accuracy_meters, heading_degrees, speed_mps,
                                   at, received_at)
SELECT * FROM unnest($1::uuid[], $2::int[], $3::float8[], $4::float8[], $5::float8[], $6::float8[], $7::float8[],
                     $8::timestamptz[], $9::timestamptz[]) AS u (id) ORDER BY id
    ON CONFLICT (courier_id) DO UPDATE
   SET shift = excluded.shift, latitude = excluded.latitude, longitude = excluded.longitude,
       accuracy_meters = excluded.accuracy_meters, heading_degrees = excluded.heading_degrees,
       speed_mps = excluded.speed_mps, at = excluded.at, received_at = excluded.received_at
 WHERE (excluded.shift, excluded.at) > (l.shift, l.at)
RETURNING courier_id;

-- name: list_sharing
-- Of these orders, those whose customer may see where the courier is, and which assignment's positions.
SELECT order_id, customer_id, assignment FROM delivery WHERE order_id = ANY($1::uuid[]) AND state = 'on_board';

-- name: list_shared_locations
-- What the customers of these orders may see: the last position measured since the food was picked up.
SELECT d.order_id, d.assignment, l.latitude, l.longitude, l.accuracy_meters, l.heading_degrees, l.speed_mps, l.at,
       l.received_at
  FROM delivery d
  JOIN courier c ON c.account_id = d.courier_id AND c.on_duty
  JOIN courier_location l ON l.courier_id = c.account_id AND l.shift = c.shift
 WHERE d.order_id = ANY($1::uuid[]) AND d.state = 'on_board' AND l.at >= d.picked_up_at;

-- name: delete_void_locations
-- Reports that were on their way when their courier went off duty.
DELETE FROM courier_location l
 WHERE NOT EXISTS (SELECT FROM courier c WHERE c.account_id = l.courier_id AND c.on_duty AND c.shift = l.shift);
