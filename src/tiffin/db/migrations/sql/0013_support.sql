-- Places in the queue: a smaller one came first. A conversation keeps its place when its agent is gone.
CREATE SEQUENCE support_place AS bigint;

-- Who answers. Of accounts and orders: no foreign keys across features.
CREATE TABLE support_agent (
    account_id       uuid PRIMARY KEY,
    name             text NOT NULL,
    -- wants conversations; apart from being connected
    available        boolean NOT NULL DEFAULT false,
    -- most conversations at once
    capacity         int NOT NULL DEFAULT 5 CHECK (capacity BETWEEN 1 AND 50),
    -- follows its topic on some node, as far as leases tell
    connected        boolean NOT NULL DEFAULT false,
    -- of agents with equally many conversations, who waits longest is next
    last_assigned_at timestamptz
);

CREATE TABLE conversation (
    id                 uuid PRIMARY KEY,
    -- the customer's id for it: opening again is the same conversation
    client_id          uuid NOT NULL,
    customer_id        uuid NOT NULL,
    customer_name      text NOT NULL,
    -- what it is about, as it was named when it was opened
    order_id           uuid,
    order_number       text,
    restaurant_name    text,
    state              text NOT NULL CHECK (state IN ('waiting', 'assigned', 'resolved')),
    place              bigint NOT NULL,
    agent_id           uuid,
    agent_name         text,
    -- gave it back: it goes to somebody else
    declined_by        uuid,
    last_seq           bigint NOT NULL DEFAULT 0,
    -- the newest message each side has on a device, and has seen
    customer_delivered bigint NOT NULL DEFAULT 0,
    customer_read      bigint NOT NULL DEFAULT 0,
    agent_delivered    bigint NOT NULL DEFAULT 0,
    agent_read         bigint NOT NULL DEFAULT 0,
    opened_at          timestamptz NOT NULL DEFAULT now(),
    waiting_since      timestamptz NOT NULL DEFAULT now(),
    resolved_at        timestamptz,
    -- 1 to 5
    rating             int CHECK (rating BETWEEN 1 AND 5),
    rating_comment     text,
    UNIQUE (customer_id, client_id),
    CHECK ((state = 'assigned') = (agent_id IS NOT NULL)),
    CHECK ((state = 'resolved') = (resolved_at IS NOT NULL)),
    CHECK (customer_read <= customer_delivered AND customer_delivered <= last_seq),
    CHECK (agent_read <= agent_delivered AND agent_delivered <= last_seq)
) WITH (fillfactor = 70);
CREATE INDEX conversation_customer ON conversation (customer_id, id DESC);
CREATE UNIQUE INDEX conversation_waiting ON conversation (place) WHERE state = 'waiting';
CREATE INDEX conversation_assigned ON conversation (agent_id) WHERE state = 'assigned';

-- What was said: `seq` is dense in a conversation and its only order.
CREATE TABLE message (
    conversation_id uuid NOT NULL REFERENCES conversation,
    seq             bigint NOT NULL,
    id              uuid NOT NULL,
    -- the sender's id for it: sending again is the same message; NULL of the system's
    client_id       uuid,
    author          text NOT NULL CHECK (author IN ('customer', 'agent', 'system')),
    author_id       uuid,
    author_name     text NOT NULL,
    -- of the system's messages: what happened
    code            text,
    text            text NOT NULL,
    -- pictures, ready to be shown
    attachments     jsonb NOT NULL DEFAULT '[]',
    sent_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (conversation_id, seq),
    UNIQUE (conversation_id, client_id),
    CHECK ((author = 'system') = (code IS NOT NULL)),
    CHECK ((author = 'system') = (client_id IS NULL))
);
CREATE INDEX message_text ON message USING gin (to_tsvector('simple', text));

-- What only agents see.
CREATE TABLE support_note (
    conversation_id uuid NOT NULL REFERENCES conversation,
    id              uuid NOT NULL,
    client_id       uuid NOT NULL,
    author_id       uuid NOT NULL,
    author_name     text NOT NULL,
    text            text NOT NULL,
    written_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (conversation_id, id),
    UNIQUE (conversation_id, client_id)
);

CREATE TABLE canned_answer (
    id         uuid PRIMARY KEY,
    -- what agents type to find it
    shortcut   text NOT NULL UNIQUE,
    text       text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO work_consumer (name, subject) VALUES
    ('support.agent_presence', 'support.agent_presence'),
    ('support.agent_gone_due', 'support.agent_gone_due');
