from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from tiffin.base.settings import DEVELOPMENT_SECRET, Settings
from tiffin.cli.env_example import env_example

_ROOT = Path(__file__).resolve().parents[2]
_OWN_KEY = SecretStr("k" * 32)


def test_the_example_lists_every_setting_with_its_default() -> None:
    assert (_ROOT / ".env.example").read_text() == env_example(), "run `make env-example`"


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_example_as_it_stands_is_valid_and_means_the_defaults(tmp_path: Path) -> None:
    lines = env_example().replace("# TIFFIN_", "TIFFIN_").splitlines()
    given = tmp_path / ".env"
    given.write_text("\n".join(line for line in lines if not line.endswith("=")))
    assert Settings(_env_file=given) == Settings(_env_file=None)


def test_the_environment_reaches_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIFFIN_PORT", "9000")
    monkeypatch.setenv("TIFFIN_ALLOWED_ORIGINS", '["https://a.example"]')
    settings = Settings(_env_file=None)
    assert settings.port == 9000
    assert settings.origins == {"http://127.0.0.1:8000", "https://a.example"}


def test_production_refuses_the_default_secret_and_plain_http_in_one_message() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(_env_file=None, environment="production", allowed_origins=["http://b.example"])
    message = str(caught.value)
    assert "TIFFIN_SECRET_KEY is the default" in message
    assert "http://127.0.0.1:8000 is not https" in message
    assert "http://b.example is not https" in message


def test_production_accepts_a_key_of_its_own_and_https() -> None:
    settings = Settings(
        _env_file=None, environment="production", secret_key=_OWN_KEY, public_origin="https://tiffin.example"
    )
    assert settings.secure_cookies


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="32"):
        Settings(_env_file=None, secret_key=SecretStr("short"))


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = Settings(_env_file=None, database_url=SecretStr("postgresql://u:hush@h/d"))
    assert "hush" not in repr(settings)
    assert DEVELOPMENT_SECRET not in repr(settings)


def test_a_router_has_an_address_by_http() -> None:
    assert Settings(_env_file=None, router_url="http://127.0.0.1:5000").router_url == "http://127.0.0.1:5000"
    with pytest.raises(ValidationError, match="router_url"):
        Settings(_env_file=None, router_url="127.0.0.1:5000")
