from pathlib import Path

import pytest

from tiffin.bench import images


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    [photo] = images.make_photos(tmp_path_factory.mktemp("photos"), 1, 1800, 1350)
    return photo


def test_what_a_picture_costs_is_of_the_child_alone(photo: Path, tmp_path: Path) -> None:
    made = images.decode(photo, tmp_path / "ours")
    assert 0.05 < made.cpu_s < 20
    assert 30 < made.peak_mb < 1000
    assert made.output_kb > 50


def test_a_decoder_that_fails_is_told(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"no photo")
    with pytest.raises(RuntimeError, match="unsupported_type"):
        images.decode(tmp_path / "photo.jpg", tmp_path / "ours")


async def test_the_whole_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small one: two small photos, a few orders, three uploads."""
    monkeypatch.setattr(images, "_WIDTH", 1200)
    monkeypatch.setattr(images, "_HEIGHT", 900)
    monkeypatch.setattr(images, "_PHOTOS", 2)
    monkeypatch.setattr(images, "_ROUNDS", 1)
    monkeypatch.setattr(images, "_UPLOADS", 3)
    monkeypatch.setattr(images, "_QUIET_SECONDS", 1.0)
    monkeypatch.setattr(images, "_ROUND_SECONDS", 1.0)
    result = await images.measure(lambda line: None)
    assert result.figures["lost"] == result.figures["twice"] == 0
    assert result.figures["uploads_seconds"] > 0
    assert result.figures["cpu_s"] > 0
