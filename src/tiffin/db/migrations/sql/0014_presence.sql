-- The lease of a node; its connections are present for as long as it is.
CREATE UNLOGGED TABLE presence_node (
    id         uuid PRIMARY KEY,
    expires_at timestamptz NOT NULL
);

-- NULL: written by an older node, with a lease of its own in expires_at. Else that is 'infinity'.
ALTER TABLE presence ADD COLUMN node_id uuid;
CREATE INDEX presence_node_id ON presence (node_id);
