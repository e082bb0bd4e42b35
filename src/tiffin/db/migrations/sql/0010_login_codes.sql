-- Single-use codes that log an account in, for the links of a demo.
CREATE TABLE login_code (
    secret_hash bytea PRIMARY KEY,
    account_id  uuid NOT NULL REFERENCES account,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX login_code_expires_at ON login_code (expires_at);
