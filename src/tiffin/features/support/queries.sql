-- name: lock_queue
-- Held to the end of the transaction by whoever changes who waits or who takes: one after the other, before any row.
SELECT pg_advisory_xact_lock(7401956);

-- name: next_place
SELECT nextval('support_place');

-- name: insert_conversation
INSERT INTO conversation (id, client_id, customer_id, customer_name, order_id, order_number, restaurant_name, state, place)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', nextval('support_place'))
RETURNING *;

-- name: get_conversation
SELECT * FROM conversation WHERE id = $1;

-- name: get_snapshot
-- A conversation, the position of its topic $2, and its newest $3 messages, of one moment.
SELECT c.*, topic_position($2) AS position,
       (SELECT coalesce(jsonb_agg(m ORDER BY m.seq), '[]')
          FROM (SELECT * FROM message WHERE conversation_id = c.id ORDER BY seq DESC LIMIT $3) m) AS messages
  FROM conversation c WHERE c.id = $1;

-- name: lock_conversation
SELECT * FROM conversation WHERE id = $1 FOR NO KEY UPDATE;

-- name: find_opened
-- A customer's conversation with this client id, or else the open one about the same order.
SELECT * FROM conversation
 WHERE customer_id = $1 AND (client_id = $2 OR (state <> 'resolved' AND order_id IS NOT DISTINCT FROM $3))
 ORDER BY (client_id = $2) DESC, id DESC LIMIT 1;

-- name: count_open
SELECT count(*) FROM conversation WHERE customer_id = $1 AND state <> 'resolved';

-- name: update_conversation
UPDATE conversation
   SET state = $2, place = $3, agent_id = $4, agent_name = $5, declined_by = $6, waiting_since = $7,
       resolved_at = $8, rating = $9, rating_comment = $10
 WHERE id = $1;

-- name: list_conversations
-- Newest first, before the id $1 (NULL: all). $2: of this customer; $3: in this state; $4: with these words in a
-- message or ($5, escaped) in the customer's name (each NULL: any).
SELECT c.* FROM conversation c
 WHERE ($1::uuid IS NULL OR c.id < $1) AND ($2::uuid IS NULL OR c.customer_id = $2)
   AND ($3::text IS NULL OR c.state = $3)
   AND ($4::text IS NULL OR c.customer_name ILIKE '%' || $5 || '%'
        OR c.id IN (SELECT m.conversation_id FROM message m
                     WHERE to_tsvector('simple', m.text) @@ websearch_to_tsquery('simple', $4)))
 ORDER BY c.id DESC LIMIT $6;

-- name: list_assigned
SELECT * FROM conversation WHERE agent_id = $1 AND state = 'assigned' ORDER BY id;

-- name: lock_assigned
-- What an agent has, locked in the order of their ids, as marks are.
SELECT * FROM conversation WHERE agent_id = $1 AND state = 'assigned' ORDER BY id FOR NO KEY UPDATE;

-- name: list_waiting
SELECT * FROM conversation WHERE state = 'waiting' ORDER BY place LIMIT $1;

-- name: lock_waiting
-- The first $1, locked in the order of their ids, as marks are.
SELECT * FROM conversation
 WHERE id IN (SELECT id FROM conversation WHERE state = 'waiting' ORDER BY place LIMIT $1)
 ORDER BY id FOR NO KEY UPDATE;

-- name: list_places
SELECT place FROM conversation WHERE state = 'waiting' ORDER BY place LIMIT $1;

-- name: count_waiting
SELECT count(*) FROM conversation WHERE state = 'waiting';

-- name: count_desk
-- Conversations that wait and that somebody has, and agents who take some.
SELECT (SELECT count(*) FROM conversation WHERE state = 'waiting') AS waiting,
       (SELECT count(*) FROM conversation WHERE state = 'assigned') AS assigned,
       (SELECT count(*) FROM support_agent WHERE available AND connected) AS agents;

-- name: list_digests
-- The last message of a person in each conversation, and how many of the customer's and of the agents' the other side has not seen
-- (counted up to 100).
SELECT c.id,
       (SELECT to_jsonb(m) FROM message m WHERE m.conversation_id = c.id AND m.author <> 'system'
         ORDER BY m.seq DESC LIMIT 1) AS last_message,
       (SELECT count(*) FROM (SELECT FROM message m WHERE m.conversation_id = c.id AND m.seq > c.agent_read
                                 AND m.author = 'customer' LIMIT 100) u) AS unread_by_agent,
       (SELECT count(*) FROM (SELECT FROM message m WHERE m.conversation_id = c.id AND m.seq > c.customer_read
                                 AND m.author = 'agent' LIMIT 100) u) AS unread_by_customer
  FROM conversation c WHERE c.id = ANY($1::uuid[]);

-- name: list_participants
SELECT id, customer_id, agent_id FROM conversation WHERE id = ANY($1::uuid[]);

-- name: lock_conversations
-- Those of $1 that exist, locked in the order of their ids, with the transaction's time.
SELECT *, now() AS at FROM conversation WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE;

-- name: find_messages
-- What was sent as these, pairs of conversation and client id.
SELECT m.* FROM unnest($1::uuid[], $2::uuid[]) AS u (conversation_id, client_id)
  JOIN message m USING (conversation_id, client_id);

-- name: write_changes
-- Part of a transaction's last statement: numbers and marks of locked conversations ($1 to $6), and what was said
-- ($7). Arrays for what is joined: of JSON the planner expects a hundred rows, and reads the whole table.
moved AS (
    UPDATE conversation c
       SET last_seq = u.last_seq, customer_delivered = u.customer_delivered, customer_read = u.customer_read,
           agent_delivered = u.agent_delivered, agent_read = u.agent_read
      FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
           AS u (id, last_seq, customer_delivered, customer_read, agent_delivered, agent_read)
     WHERE c.id = u.id
), said AS (
    INSERT INTO message (conversation_id, seq, id, client_id, author, author_id, author_name, text, attachments)
    SELECT u.conversation_id, u.seq, u.id, u.client_id, u.author, u.author_id, u.author_name, u.text, u.attachments
      FROM jsonb_to_recordset($7::jsonb)
           AS u (conversation_id uuid, seq bigint, id uuid, client_id uuid, author text, author_id uuid,
                 author_name text, text text, attachments jsonb)
    RETURNING 1
);

-- name: insert_message
-- The message with the number $2 of a locked conversation.
WITH numbered AS (
    UPDATE conversation SET last_seq = $2 WHERE id = $1
)
INSERT INTO message (conversation_id, seq, id, client_id, author, author_id, author_name, code, text, attachments)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING *;

-- name: list_messages
-- Before the number $2 (NULL: the newest), the newest first.
SELECT * FROM message WHERE conversation_id = $1 AND ($2::bigint IS NULL OR seq < $2) ORDER BY seq DESC LIMIT $3;

-- name: is_sent
-- Whether a picture stands in a message of a conversation.
SELECT EXISTS (SELECT FROM message WHERE conversation_id = $1
                AND attachments @> jsonb_build_array(jsonb_build_object('image_id', $2::text)));

-- name: find_stored_seq
-- The newest message announced on a topic ($1) up to an event's number ($2), if it is news of the side of an account ($4)
-- in the conversation $3 that it has been delivered.
SELECT m.seq FROM conversation c,
       (SELECT (body::jsonb -> 'message' ->> 'seq')::bigint AS seq FROM event
         WHERE topic = $1 AND seq <= $2 AND type = 'message.sent' ORDER BY event.seq DESC LIMIT 1) m
 WHERE c.id = $3 AND m.seq > CASE $4::uuid WHEN c.customer_id THEN c.customer_delivered
                                     WHEN c.agent_id THEN c.agent_delivered END;

-- name: insert_note
INSERT INTO support_note (conversation_id, id, client_id, author_id, author_name, text)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (conversation_id, client_id) DO NOTHING RETURNING *;

-- name: get_note
SELECT * FROM support_note WHERE conversation_id = $1 AND client_id = $2;

-- name: list_notes
SELECT * FROM support_note WHERE conversation_id = $1 ORDER BY id LIMIT 500;

-- name: insert_agent
INSERT INTO support_agent (account_id, name) VALUES ($1, $2)
    ON CONFLICT (account_id) DO UPDATE SET name = excluded.name WHERE support_agent.name <> excluded.name;

-- name: update_availability
UPDATE support_agent SET available = $2, capacity = $3 WHERE account_id = $1;

-- name: update_connected
UPDATE support_agent SET connected = $2 WHERE account_id = $1 AND connected <> $2 RETURNING true;

-- name: update_last_assigned
UPDATE support_agent SET last_assigned_at = now() WHERE account_id = ANY($1::uuid[]);

-- name: list_agents
-- Those at work, with how many conversations each has: connected ones and ones that have any. $1: and this one.
SELECT a.*, (SELECT count(*) FROM conversation c WHERE c.agent_id = a.account_id AND c.state = 'assigned') AS load
  FROM support_agent a
 WHERE a.connected OR a.account_id = $1
    OR EXISTS (SELECT FROM conversation c WHERE c.agent_id = a.account_id AND c.state = 'assigned')
 ORDER BY a.name, a.account_id;

-- name: get_agent
SELECT a.*, (SELECT count(*) FROM conversation c WHERE c.agent_id = a.account_id AND c.state = 'assigned') AS load
  FROM support_agent a WHERE a.account_id = $1;

-- name: list_canned_answers
SELECT id, shortcut, text FROM canned_answer ORDER BY shortcut LIMIT 500;

-- name: insert_canned_answer
INSERT INTO canned_answer (id, shortcut, text) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING id, shortcut, text;

-- name: update_canned_answer
UPDATE canned_answer SET shortcut = $2, text = $3, changed_at = now() WHERE id = $1 RETURNING id, shortcut, text;

-- name: delete_canned_answer
DELETE FROM canned_answer WHERE id = $1 RETURNING true;
