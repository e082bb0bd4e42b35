-- name: insert_ticket
-- A ticket, once an order. $5: seconds to answer, by PostgreSQL's clock.
INSERT INTO ticket (id, restaurant_id, state, content, answer_due_at)
VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
    ON CONFLICT (id) DO NOTHING
RETURNING *;

-- name: get_ticket
SELECT * FROM ticket WHERE id = $1;

-- name: lock_ticket
-- Not FOR UPDATE: a receipt of it holds KEY SHARE, by its foreign key, and two receipts would wait for each other.
SELECT * FROM ticket WHERE id = $1 FOR NO KEY UPDATE;

-- name: list_open_tickets
SELECT * FROM ticket WHERE restaurant_id = $1 AND ended_at IS NULL ORDER BY id LIMIT 500;

-- name: list_recent_tickets
-- Open and ended ones, the newest 200, in the order they came.
SELECT * FROM (SELECT * FROM ticket WHERE restaurant_id = $1 ORDER BY id DESC LIMIT 200) t ORDER BY id;

-- name: list_ticket_restaurants
SELECT id, restaurant_id FROM ticket WHERE id = ANY($1::uuid[]);

-- name: list_tickets_to_receive
-- Waiting tickets of a restaurant ($1) that were announced on its topic ($2) up to a seq ($3) and that a device ($4)
-- has not stored yet. Only the newest 100 announcements are looked at.
SELECT t.id FROM ticket t
 WHERE t.restaurant_id = $1 AND t.ended_at IS NULL AND t.state = 'new'
   AND NOT EXISTS (SELECT FROM ticket_receipt r WHERE r.ticket_id = t.id AND r.device_id = $4)
   AND EXISTS (SELECT FROM (SELECT body FROM event WHERE topic = $2 AND seq <= $3 AND type = 'ticket.created'
                             ORDER BY seq DESC LIMIT 100) e
                WHERE strpos(e.body, t.id::text) > 0);

-- name: insert_receipts
-- Note who has stored what (again is fine), and mark the tickets that no device had until now: those come back.
-- Locked in the order of their ids.
WITH stored AS (
    INSERT INTO ticket_receipt (ticket_id, device_id, account_id)
    SELECT t, d, a FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS u (t, d, a) ORDER BY t, d
        ON CONFLICT DO NOTHING
)
UPDATE ticket SET received_at = now()
 WHERE id IN (SELECT id FROM ticket WHERE id = ANY($1::uuid[]) AND received_at IS NULL
               ORDER BY id FOR NO KEY UPDATE)
RETURNING *;

-- name: update_seen
UPDATE ticket SET seen_at = now(), seen_by_name = $2, received_at = coalesce(received_at, now()), loudness = 0
 WHERE id = $1 RETURNING *;

-- name: update_loudness
UPDATE ticket SET loudness = $2 WHERE id = $1 RETURNING *;

-- name: postpone_tickets
UPDATE ticket SET answer_due_at = answer_due_at + $2
 WHERE id IN (SELECT id FROM ticket WHERE ended_at IS NULL AND state = 'new' AND answer_due_at > $1
               ORDER BY id FOR NO KEY UPDATE)
RETURNING *;

-- name: update_answer
-- Accepted or rejected by a person, if it waits for an answer: who answers has seen it, too.
UPDATE ticket SET state = $2, answered_at = now(), answered_by = $3, answered_by_name = $4, minutes = $5, reason = $6,
                  ready_at = $7, ended_at = CASE WHEN $8 THEN now() END,
                  received_at = coalesce(received_at, now()),
                  seen_at = coalesce(seen_at, now()), seen_by_name = coalesce(seen_by_name, $4), loudness = 0
 WHERE id = $1 AND state = 'new' RETURNING *;

-- name: update_courier
UPDATE ticket SET courier = $2 WHERE id = $1 AND ended_at IS NULL RETURNING *;

-- name: update_state
UPDATE ticket SET state = $2, ready_at = coalesce($3, ready_at), reason = coalesce($4, reason),
                  ended_at = CASE WHEN $5 THEN now() END, loudness = 0
 WHERE id = $1 RETURNING *;

-- name: get_oldest_unseen
SELECT id, restaurant_id, content->>'number' AS number, created_at, received_at IS NOT NULL AS received
  FROM ticket WHERE ended_at IS NULL AND state = 'new' AND seen_at IS NULL ORDER BY id LIMIT 1;
