"""Everything that can be set, from the environment (`TIFFIN_…`), validated before anything starts.

`.env.example` lists every field with its default and unit; `tests/base/test_settings.py` holds it to that.
Settings are read once by the process that starts and handed on; nothing reads them at import.
"""

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEVELOPMENT_SECRET = "development-only-secret-change-me-before-production"  # noqa: S105 - production refuses it


class Settings(BaseSettings):
    """One process's settings. Durations are in seconds, sizes in bytes unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="TIFFIN_", env_file=".env", extra="ignore", frozen=True)

    environment: Literal["development", "production"] = Field(
        "development", description="`production` refuses default secrets, sandbox parts and http origins"
    )
    data_dir: Path = Field(Path(".tiffin"), description="folder of `tiffin up`: databases, queue, keys")
    host: str = Field("127.0.0.1", description="address the web role listens on")
    port: int = Field(8000, ge=0, le=65535, description="port the web role listens on; 0 takes a free one")
    public_origin: str = Field("http://127.0.0.1:8000", description="origin that browsers use, exact")
    allowed_origins: list[str] = Field(
        default_factory=list, description="further browser origins that may send cookies (JSON list)"
    )
    trusted_proxies: list[str] = Field(
        default_factory=list, description="addresses whose X-Forwarded-For is believed (JSON list)"
    )

    database_url: SecretStr | None = Field(
        None, description="PostgreSQL, as postgresql://…; unset: `tiffin up` starts its own"
    )
    database_pool_size: int = Field(12, ge=2, le=200, description="connections a process keeps to PostgreSQL")
    nats_url: SecretStr | None = Field(
        None, description="NATS, as nats://…, servers of a cluster by commas; unset: `tiffin up` starts its own"
    )
    nats_replicas: int = Field(1, ge=1, le=5, description="servers of a NATS cluster that keep the queue: 1, 3 or 5")

    secret_key: SecretStr = Field(
        SecretStr(DEVELOPMENT_SECRET), min_length=32, description="signs access tokens; at least 32 characters"
    )
    previous_secret_keys: list[SecretStr] = Field(
        default_factory=list, description="keys that still verify access tokens, for rotation (JSON list)"
    )
    access_token_seconds: int = Field(600, ge=30, le=3600, description="lifetime of an access token")
    session_idle_seconds: int = Field(30 * 86400, ge=300, description="a session unused for this long ends")
    session_absolute_seconds: int = Field(180 * 86400, ge=300, description="a session ends after this in any case")
    password_hash_threads: int = Field(2, ge=1, le=64, description="password hashes computed at once a process")
    login_attempts_per_minute: int = Field(
        10, ge=1, description="failed logins a minute for one account from one address prefix"
    )
    register_attempts_per_hour: int = Field(60, ge=1, description="registrations an hour from one address prefix")

    basemap: Path | None = Field(None, description="PMTiles file under the maps; unset: maps are blank")
    street_graph: Path | None = Field(
        None, description="street graph file for ways and arrival times; unset: straight lines"
    )
    router_url: str | None = Field(
        None, pattern="^https?://", description="OSRM-compatible router, asked before the street graph"
    )
    object_store_url: str | None = Field(
        None, description="bucket for pictures, as s3://bucket/prefix; unset: the folder `objects` in the data folder"
    )
    object_store_options: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="for the bucket (JSON object): endpoint, region, access_key_id, secret_access_key, allow_http",
    )
    image_seconds: float = Field(45.0, gt=0, le=80, description="time a worker gives a picture before it gives up")
    image_max_attempts: int = Field(3, ge=1, description="attempts at a picture before it becomes a dead letter")
    login_codes: bool = Field(
        False, description="single-use codes may log in, as a demo's links do; never in production"
    )
    max_body_bytes: int = Field(1_000_000, ge=10_000, description="largest body of a JSON request")
    max_frame_bytes: int = Field(1_048_576, ge=65_536, description="largest WebSocket message accepted")
    max_topics: int = Field(100, ge=1, le=1000, description="topics one connection may follow")
    event_retention_seconds: int = Field(7 * 86400, ge=3600, description="events older than this are trimmed")
    heartbeat_seconds: float = Field(15.0, gt=0, le=60, description="silence after which a stream beats")
    stream_lifetime_seconds: float = Field(600.0, gt=1, description="a stream lives 0.9 to 1.0 of this")
    head_check_seconds: float = Field(1.0, gt=0, le=1.0, description="period of the head check, ± 20 %")

    order_answer_seconds: int = Field(300, ge=10, description="a restaurant's time to answer a ticket")
    ticket_receive_seconds: int = Field(10, ge=1, description="no device has a ticket after this: alert")
    ticket_see_seconds: int = Field(10, ge=1, description="nobody has seen a ticket after this: louder")
    offer_seconds: int = Field(20, ge=5, le=300, description="a courier's time to answer an offer")
    dispatch_lead_seconds: int = Field(600, ge=0, description="a courier is looked for this long before food is ready")
    dispatch_alert_seconds: int = Field(120, ge=5, description="no courier has taken an order after this: alert")
    agent_grace_seconds: int = Field(60, ge=1, description="an agent gone for longer gives its chats back")
    order_stream_linger_seconds: int = Field(60, ge=1, description="an order's stream ends this long after its end")
    work_lease_seconds: float = Field(20.0, ge=5, description="a claimed row of work is free again after this")
    work_fallback_seconds: float = Field(2.0, gt=0, le=2.0, description="the relay runs rows not done after this")
    work_max_attempts: int = Field(8, ge=1, description="attempts before work becomes a dead letter")

    drain_seconds: float = Field(10.0, ge=0, description="time a node takes to send its clients elsewhere")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severe log shown")
    log_style: Literal["console", "json"] = Field("console", description="logs as text or as JSON lines")

    @model_validator(mode="after")
    def _production_is_safe(self) -> Self:
        if self.environment != "production":
            return self
        problems = []
        if self.secret_key.get_secret_value() == DEVELOPMENT_SECRET:
            problems.append("TIFFIN_SECRET_KEY is the default; set a random one of at least 32 characters")
        if self.login_codes:
            problems.append("TIFFIN_LOGIN_CODES is on, which is for demos")
        origins = (self.public_origin, *self.allowed_origins)
        problems += [f"the origin {origin} is not https" for origin in origins if urlsplit(origin).scheme != "https"]
        if problems:
            raise ValueError("not fit for production: " + "; ".join(problems))
        return self

    @property
    def origins(self) -> frozenset[str]:
        """Every origin a browser may call from with a cookie."""
        return frozenset((self.public_origin, *self.allowed_origins))

    @property
    def object_store_secrets(self) -> dict[str, str]:
        """What the bucket is opened with, in the clear."""
        return {name: value.get_secret_value() for name, value in self.object_store_options.items()}

    @property
    def secure_cookies(self) -> bool:
        """True where cookies must be Secure: everywhere but on plain http (localhost)."""
        return self.public_origin.startswith("https:")
