-- Events are numbered by the one statement that ends a transaction (realtime/queries.sql), not by a function.
DROP FUNCTION append_events(text[], text[], text[], boolean[]);

-- Which server and which line of its history: what a promoted replica or another server has otherwise.
CREATE FUNCTION cluster_history() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT s.system_identifier::text || ':' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
      FROM pg_control_system() s
$$;

-- A session of the pool notes the history it was opened in (tiffin.history), which it cannot outlive; the head check's
-- does not, and so finds out.
CREATE OR REPLACE FUNCTION cluster_epoch() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT left(md5(coalesce(nullif(current_setting('tiffin.history', true), ''), cluster_history())
                    || ':' || c.incarnation), 6)
      FROM cluster c
$$;

-- Where a topic stands, in the snapshot of the statement that asks: state and position of one moment, in one statement.
CREATE FUNCTION topic_position(name text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT cluster_epoch() || h.epoch || ':' || h.last_seq FROM topic_head h WHERE h.topic = name), '0:0')
$$;

-- What falls due is written as claimed for its first attempt, so there is one time a row: when its delay, its pause or
-- its claim is over, and the relay runs it.
ALTER TABLE work DROP COLUMN relay_at;
-- false: waiting for its time; true: whoever knows the newest attempt may run it
ALTER TABLE work ADD COLUMN claimed boolean NOT NULL DEFAULT false;
CREATE INDEX work_due_at ON work (due_at);
