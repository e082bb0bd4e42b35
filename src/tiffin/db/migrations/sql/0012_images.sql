-- What was made of one content: its files lie in storage under pictures/<id>/.
CREATE TABLE picture (
    id       uuid PRIMARY KEY,
    -- of the upload it was made of: the same content is made once
    sha256   bytea NOT NULL UNIQUE CHECK (length(sha256) = 32),
    width    int NOT NULL,
    height   int NOT NULL,
    blurhash text NOT NULL,
    -- [{"name", "width", "media_type", "bytes"}]
    sources  jsonb NOT NULL,
    -- codes of advice about its quality
    verdicts text[] NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT now()
);

-- Content that is being made into a picture: who does it, so that nobody else does the same meanwhile.
CREATE TABLE picture_in_progress (
    sha256   bytea PRIMARY KEY,
    image_id uuid NOT NULL,
    taken_at timestamptz NOT NULL
);

-- One upload and what becomes of it.
CREATE TABLE image (
    id             uuid PRIMARY KEY,
    -- who uploads; of accounts, no foreign key across features
    account_id     uuid NOT NULL,
    -- what it is for, as the feature that asked for it names it, such as menu_item:<id>
    subject        text NOT NULL,
    -- the image that this one is to replace there
    replaces       uuid,
    file_name      text NOT NULL,
    -- bytes that are to come in all, and that have come
    bytes          bigint NOT NULL CHECK (bytes >= 0),
    received_bytes bigint NOT NULL DEFAULT 0 CHECK (received_bytes BETWEEN 0 AND bytes),
    state          text NOT NULL CHECK (state IN ('uploading', 'received', 'processing', 'complete', 'failed')),
    -- of 100
    progress       int NOT NULL DEFAULT 0,
    -- why it failed
    code           text,
    picture_id     uuid REFERENCES picture,
    created_at     timestamptz NOT NULL DEFAULT now(),
    changed_at     timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'complete') = (picture_id IS NOT NULL)),
    CHECK ((state = 'failed') = (code IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX image_subject ON image (subject);
CREATE INDEX image_picture ON image (picture_id) WHERE picture_id IS NOT NULL;
CREATE INDEX image_unfinished ON image (changed_at) WHERE state <> 'complete';

-- The pieces of an upload in the order of their bytes, each an object in storage.
CREATE TABLE image_part (
    image_id uuid NOT NULL REFERENCES image ON DELETE CASCADE,
    start    bigint NOT NULL,
    bytes    bigint NOT NULL CHECK (bytes > 0),
    sha256   bytea NOT NULL,
    key      text NOT NULL,
    PRIMARY KEY (image_id, start)
);

-- What the catalog shows of an item, in order: [{"image_id", "width", "height", "blurhash", "sources"}].
ALTER TABLE menu_item ADD COLUMN images jsonb NOT NULL DEFAULT '[]';

INSERT INTO work_consumer (name, subject) VALUES
    ('images.process', 'image.received'),
    ('catalog.image_complete', 'image.complete');
