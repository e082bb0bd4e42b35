-- A restaurant's view of an order; its id is the order's. `content` never changes, the rest is its status.
CREATE TABLE ticket (
    id               uuid PRIMARY KEY,
    restaurant_id    uuid NOT NULL,
    state            text NOT NULL,
    content          jsonb NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    answer_due_at    timestamptz NOT NULL,
    -- when the first device had it
    received_at      timestamptz,
    seen_at          timestamptz,
    seen_by_name     text,
    -- 0: rings; 1 to 3: louder, since nobody has seen it
    loudness         int NOT NULL DEFAULT 0,
    answered_at      timestamptz,
    answered_by      uuid,
    answered_by_name text,
    minutes          int,
    reason           text,
    ready_at         timestamptz,
    ended_at         timestamptz
) WITH (fillfactor = 70);
CREATE INDEX ticket_open ON ticket (restaurant_id, id) WHERE ended_at IS NULL;
CREATE INDEX ticket_restaurant ON ticket (restaurant_id, id DESC);

-- Which device has stored which ticket.
CREATE TABLE ticket_receipt (
    ticket_id   uuid NOT NULL REFERENCES ticket,
    device_id   uuid NOT NULL,
    account_id  uuid NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (ticket_id, device_id)
);

INSERT INTO work_consumer (name, subject) VALUES
    ('kitchen.order_placed', 'order.placed'),
    ('kitchen.order_cancelled', 'order.cancelled'),
    ('kitchen.ticket_receive_due', 'ticket.receive_due'),
    ('kitchen.ticket_see_due', 'ticket.see_due'),
    ('kitchen.ticket_answer_due', 'ticket.answer_due');
