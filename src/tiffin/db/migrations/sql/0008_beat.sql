-- When a relay last looked at the timers, by PostgreSQL's clock: deadlines are postponed by any gap in it.
CREATE TABLE work_beat (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    beat_at   timestamptz NOT NULL DEFAULT now()
);
INSERT INTO work_beat DEFAULT VALUES;
