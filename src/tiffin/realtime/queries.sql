-- name: append_events
-- Part of a transaction's last statement: number and store events. $1: [{"topic", "count"}], one for each topic;
-- $2: [{"topic", "back", "type", "rights", "body"}], `back` being how many events of the topic follow in this call.
-- Heads are locked one by one in byte order of their topics, so that two transactions can never wait for each other;
-- the locks, held to COMMIT, make the numbers gapless and in commit order.
heads AS (
    INSERT INTO topic_head AS h (topic, last_seq)
    SELECT topic, count FROM jsonb_to_recordset($1::jsonb) AS t (topic text, count int) ORDER BY topic COLLATE "C"
        ON CONFLICT (topic) DO UPDATE SET last_seq = h.last_seq + excluded.last_seq
    RETURNING h.topic, h.epoch, h.last_seq
), stored_events AS (
    INSERT INTO event (topic, seq, type, at, rights, body)
    SELECT h.topic, h.last_seq - e.back, e.type, statement_timestamp(), e.rights, e.body
      FROM jsonb_to_recordset($2::jsonb) AS e (topic text, back int, type text, rights boolean, body text)
      JOIN heads h ON h.topic = e.topic
), events AS (
    SELECT h.topic, h.last_seq, (SELECT cluster_epoch()) || h.epoch AS epoch, statement_timestamp() AS at
      FROM heads h
);

-- name: list_heads
-- Where these topics stand. No row: never written to.
SELECT topic, (SELECT cluster_epoch()) || epoch AS epoch, last_seq, first_seq
  FROM topic_head WHERE topic = ANY($1::text[]);

-- name: read_cluster_epoch
SELECT cluster_epoch();

-- name: list_changed_heads
-- The head check: of these topics, the ones that do not stand where the node thinks they stand. As a scalar subquery
-- cluster_epoch() is asked once and not once a topic, here and elsewhere.
SELECT w.topic, coalesce((SELECT cluster_epoch()) || h.epoch, '0') AS epoch, coalesce(h.last_seq, 0) AS last_seq,
       coalesce(h.first_seq, 1) AS first_seq
  FROM unnest($1::text[], $2::text[], $3::bigint[]) AS w (topic, epoch, seq)
  LEFT JOIN topic_head h ON h.topic = w.topic
 WHERE coalesce((SELECT cluster_epoch()) || h.epoch, '0') <> w.epoch OR coalesce(h.last_seq, 0) <> w.seq;

-- name: list_events
-- A page of events after a position, for each of several topics, in order. `i` is the place in the question.
-- A page ends with the event that takes it to $4 bytes; their lengths are known without reading the bodies.
SELECT want.i::int AS i, e.topic, (SELECT cluster_epoch()) || h.epoch AS epoch, e.seq, e.type, e.at, e.rights, e.body
  FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS want (topic, after, i)
  JOIN topic_head h ON h.topic = want.topic
 CROSS JOIN LATERAL (
       SELECT p.*, sum(octet_length(p.body)) OVER (ORDER BY p.seq) - octet_length(p.body) AS bytes_before
         FROM (SELECT topic, seq, type, at, rights, body FROM event
                WHERE event.topic = want.topic AND event.seq > want.after
                ORDER BY event.seq LIMIT $3) p
  ) e
 WHERE e.bytes_before < $4
 ORDER BY want.i, e.seq;

-- name: lock_trimmable_heads
-- Heads of topics that still hold events older than $1.
SELECT h.topic FROM topic_head h
 WHERE h.topic IN (SELECT DISTINCT e.topic FROM event e WHERE e.at < $1 LIMIT $2)
 ORDER BY h.topic FOR UPDATE;

-- name: trim_events
-- Delete old events of these topics and move their first_seq past them, in one statement.
WITH gone AS (
    DELETE FROM event WHERE topic = ANY($1::text[]) AND at < $2 RETURNING topic, seq
), last AS (
    SELECT topic, max(seq) AS seq FROM gone GROUP BY topic
)
UPDATE topic_head h SET first_seq = last.seq + 1 FROM last WHERE h.topic = last.topic;

-- name: renew_node
-- Renew a node's lease. True if there was none: whatever stood under it is gone.
INSERT INTO presence_node AS n (id, expires_at) VALUES ($1, now() + make_interval(secs => $2))
    ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at
RETURNING xmax = 0 AS is_new;

-- name: insert_presence
-- Connections of a node ($5) that entered rooms. Returns the rooms.
WITH entered AS (
    INSERT INTO presence (room, connection_id, account_id, device, expires_at, node_id)
    SELECT r, c, a, d, 'infinity', $5 FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[]) AS u (r, c, a, d)
        ON CONFLICT (room, connection_id) DO NOTHING
    RETURNING room
)
SELECT DISTINCT room FROM entered;

-- name: delete_presence
DELETE FROM presence AS p USING unnest($1::uuid[], $2::text[]) AS u (connection_id, room)
 WHERE p.room = u.room AND p.connection_id = u.connection_id RETURNING p.room;

-- name: delete_expired_presence
-- Of nodes whose lease is over, and of connections of older nodes, which have one each.
WITH dead AS (
    DELETE FROM presence_node WHERE expires_at < now() RETURNING id
)
DELETE FROM presence WHERE node_id IN (SELECT id FROM dead) OR expires_at < now() RETURNING room;

-- name: lock_presence
-- One at a time tells who is present: two that do not see each other would both leave somebody out.
SELECT pg_advisory_xact_lock($1);

-- name: list_presence
SELECT p.room, p.account_id, p.device, min(p.since) AS since
  FROM presence p LEFT JOIN presence_node n ON n.id = p.node_id
 WHERE p.room = ANY($1::text[]) AND p.expires_at >= now() AND (p.node_id IS NULL OR n.expires_at >= now())
 GROUP BY p.room, p.account_id, p.device ORDER BY min(p.since), p.device;

-- name: renew_epoch
UPDATE cluster SET incarnation = left(md5(random()::text || clock_timestamp()::text), 8);
