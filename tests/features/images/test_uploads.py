"""Uploads over HTTP: forms, and tus 1.0 as its specification has it."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from tests.app.town import Town
from tests.features.images.photos import jpeg
from tests.waiting import eventually

TUS = {"tus-resumable": "1.0.0"}
_STREAM = {"content-type": "application/offset+octet-stream"}


def _metadata(name: str) -> dict[str, str]:
    return {"upload-metadata": f"filename {base64.b64encode(name.encode()).decode()},other"}


class Uploader:
    """The owner of the town's restaurant, and one dish."""

    def __init__(self, town: Town, name: str = "owner") -> None:
        self.town = town
        self.name = name
        self.path = f"/v1/menu-items/{town.ids['item_id']}/images"

    async def ask(self, method: str, path: str, content: Any = None, **headers: str) -> httpx.Response:
        sent = self.town.bearer(self.name) | TUS | {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.town.client.request(method, path, content=content, headers=sent)

    async def begin(self, size: int, **headers: str) -> str:
        """Where the upload goes on."""
        answer = await self.ask("POST", self.path, upload_length=str(size), **headers)
        assert answer.status_code == 201, answer.text
        location: str = answer.headers["location"]
        return location

    async def patch(self, path: str, offset: int, content: Any, **headers: str) -> httpx.Response:
        return await self.ask("PATCH", path, content, upload_offset=str(offset), **{**_kind(), **headers})

    async def offset(self, path: str) -> int:
        answer = await self.ask("HEAD", path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        return int(answer.headers["upload-offset"])

    async def read(self, image_id: str) -> Any:
        answer = await self.town.client.get(f"/v1/images/{image_id}", headers=self.town.bearer(self.name))
        return answer.json()

    async def ends(self, image_id: str) -> Any:
        """What became of it."""

        async def over() -> bool:
            return (await self.read(image_id))["state"] in ("complete", "failed")

        await eventually(over, seconds=20)
        return await self.read(image_id)


def _kind() -> dict[str, str]:
    return {name.replace("-", "_"): value for name, value in _STREAM.items()}


@pytest.fixture
def uploader(town: Town) -> Uploader:
    return Uploader(town)


async def test_a_form(uploader: Uploader) -> None:
    town = uploader.town
    files = {"file": ("C:\\photos\\sou\u0000p.jpg", jpeg(800, 600), "text/html")}
    answer = await town.client.post(uploader.path, files=files, headers=town.bearer("owner"))
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/images/{answer.json()['id']}"
    done = await uploader.ends(answer.json()["id"])
    assert done["state"] == "complete"
    assert "/" not in done["file_name"]
    assert done["file_name"].isprintable()

    async def on_menu() -> bool:
        menu = (await town.client.get(f"/v1/restaurants/{town.ids['restaurant_id']}/menu")).json()
        return bool(menu["items"][0]["images"] == [done["picture"]])

    await eventually(on_menu)


async def test_its_progress_is_a_stream_that_can_be_resumed(uploader: Uploader) -> None:
    town = uploader.town
    files = {"file": ("soup.jpg", jpeg(1600, 1200))}
    image_id = (await town.client.post(uploader.path, files=files, headers=town.bearer("owner"))).json()["id"]
    await uploader.ends(image_id)
    path = f"/v1/images/{image_id}/events"
    position = (await uploader.read(image_id))["position"]
    epoch = position.partition(":")[0]
    async with town.client.stream(
        "GET", path, headers=town.bearer("owner") | {"last-event-id": f"{epoch}:1"}
    ) as stream:
        lines: list[str] = []
        async for line in stream.aiter_lines():
            lines.append(line)
            if line == "event: image.complete":
                break
    told = [line.removeprefix("event: ") for line in lines if line.startswith("event: image.")]
    assert told == ["image.progress"] * 3 + ["image.complete"]
    async with town.client.stream("GET", path, headers=town.bearer("owner")) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("event: "):
                assert line == "event: snapshot", "whoever comes anew reads the state first"
                break


async def test_tus_in_parts_and_over_again(uploader: Uploader) -> None:
    content = jpeg(900, 700)
    path = await uploader.begin(len(content), upload_metadata=_metadata("Lohikeitto ä.jpg")["upload-metadata"])
    half = len(content) // 2
    assert (await uploader.patch(path, 0, content[:half])).headers["upload-offset"] == str(half)
    assert await uploader.offset(path) == half
    expires = parsedate_to_datetime((await uploader.patch(path, half, b"")).headers["upload-expires"])
    assert timedelta(hours=23) < expires - datetime.now(UTC) <= timedelta(hours=24)
    for wrong in (0, half - 1, half + 1, len(content)):
        assert (await uploader.patch(path, wrong, b"x")).status_code == 409
    answer = await uploader.patch(path, half, content[half:])
    assert (answer.status_code, answer.headers["tus-resumable"]) == (204, "1.0.0")
    assert await uploader.offset(path) == len(content)
    done = await uploader.ends(path.rsplit("/", 1)[-1])
    assert (done["state"], done["file_name"]) == ("complete", "Lohikeitto ä.jpg")
    assert (await uploader.patch(path, len(content), b"more")).status_code == 409


async def test_what_came_before_a_cut_counts(uploader: Uploader) -> None:
    path = await uploader.begin(1_000_000)

    async def until_cut() -> Any:
        yield b"x" * 300_000
        raise httpx.WriteError("the tunnel")

    with pytest.raises(httpx.WriteError):
        await uploader.patch(path, 0, until_cut(), content_length="1000000")

    async def some_arrived() -> bool:
        return await uploader.offset(path) == 300_000

    await eventually(some_arrived)


async def test_two_at_once_do_not_mix(uploader: Uploader) -> None:
    path = await uploader.begin(200_000)
    answers = [await uploader.patch(path, 0, bytes([n]) * 100_000) for n in range(2)]
    assert [answer.status_code for answer in answers] == [204, 409]
    assert await uploader.offset(path) == 100_000


async def test_checksums(uploader: Uploader) -> None:
    path = await uploader.begin(100)
    good = base64.b64encode(hashlib.sha256(b"x" * 50).digest()).decode()
    wrong = await uploader.patch(path, 0, b"y" * 50, upload_checksum=f"sha256 {good}")
    assert (wrong.status_code, wrong.json()["code"]) == (460, "checksum_mismatch")
    assert await uploader.offset(path) == 0
    assert (await uploader.patch(path, 0, b"x" * 50, upload_checksum=f"sha256 {good}")).status_code == 204
    for nonsense in ("sha256 x", "md5 aaaa", "", "sha256 " + "A" * 10):
        assert (await uploader.patch(path, 50, b"x", upload_checksum=nonsense)).status_code == 422


async def test_limits(uploader: Uploader) -> None:
    for length, status in (("20000001", 413), ("0", 422), ("-1", 422), ("x", 422), ("", 422), ("9" * 20, 422)):
        answer = await uploader.ask("POST", uploader.path, upload_length=length)
        assert answer.status_code == status, length
    path = await uploader.begin(100)
    assert (await uploader.patch(path, 0, b"x" * 101)).status_code == 413
    assert await uploader.offset(path) == 0
    for _ in range(4):
        await uploader.begin(100)
    assert (await uploader.ask("POST", uploader.path, upload_length="100")).json()["code"] == "too_many_images"


async def test_version_type_and_creation_with_bytes(uploader: Uploader) -> None:
    town = uploader.town
    options = await town.client.options(uploader.path)
    assert options.status_code == 204
    assert options.headers["tus-version"] == "1.0.0"
    assert set(options.headers["tus-extension"].split(",")) >= {"creation", "termination", "checksum"}
    old = await town.client.post(
        uploader.path, headers=town.bearer("owner") | {"tus-resumable": "0.2.2", "upload-length": "1"}
    )
    assert old.status_code == 412
    path = await uploader.begin(10)
    assert (await uploader.patch(path, 0, b"x", content_type="text/plain")).status_code == 422
    with_bytes = await uploader.ask("POST", uploader.path, b"x" * 4, upload_length="10", **_kind())
    assert (with_bytes.status_code, with_bytes.headers["upload-offset"]) == (201, "4")
    assert await uploader.offset(with_bytes.headers["location"]) == 4


async def test_giving_up(uploader: Uploader) -> None:
    path = await uploader.begin(10)
    assert (await uploader.ask("DELETE", path)).status_code == 204
    assert (await uploader.ask("HEAD", path)).status_code == 404


async def test_somebody_elses_upload_does_not_exist(uploader: Uploader) -> None:
    path = await uploader.begin(10)
    other = Uploader(uploader.town, "manager")
    assert (await other.ask("HEAD", path)).status_code == 404
    assert (await other.patch(path, 0, b"x")).status_code == 404
    assert (await other.ask("DELETE", path)).status_code == 404
    assert await uploader.offset(path) == 0


async def test_files_of_pictures(uploader: Uploader) -> None:
    town = uploader.town
    files = {"file": ("soup.jpg", jpeg(500, 400))}
    image_id = (await town.client.post(uploader.path, files=files, headers=town.bearer("owner"))).json()["id"]
    picture = (await uploader.ends(image_id))["picture"]
    for source in picture["sources"]:
        answer = await town.client.get(source["url"])
        assert answer.status_code == 200
        assert answer.headers["content-type"] == source["media_type"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert "immutable" in answer.headers["cache-control"]
        again = await town.client.get(source["url"], headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    url = picture["sources"][0]["url"]
    for wrong in (
        url[:-5],
        url + "x",
        url.replace("-160", "-161"),
        "/media/../uploads/x",
        "/media/%2e%2e/uploads",
        "/media/",
        url.replace("/media/", "/media/../pictures/"),
    ):
        answer = await town.client.get(wrong)
        assert answer.status_code == 404, wrong


async def test_pictures_of_an_item(uploader: Uploader) -> None:
    """Replace, order, remove; and the menu's version with each."""
    town = uploader.town
    menu_path = f"/v1/restaurants/{town.ids['restaurant_id']}/menu"

    async def shown() -> list[str]:
        item = (await town.client.get(menu_path)).json()["items"][0]
        return [image["image_id"] for image in item["images"]]

    async def add(seed: int, replaces: str | None = None) -> str:
        files = {"file": ("soup.jpg", jpeg(400, 300, seed=seed))}
        query = f"?replaces={replaces}" if replaces else ""
        answer = await town.client.post(uploader.path + query, files=files, headers=town.bearer("owner"))
        image_id: str = answer.json()["id"]
        await uploader.ends(image_id)

        async def on_menu() -> bool:
            return image_id in await shown()

        await eventually(on_menu)
        return image_id

    first, second = await add(1), await add(20)
    assert await shown() == [first, second]
    answer = await town.send("manager", "PUT", uploader.path, {"image_ids": [second, first]})
    assert answer.status_code == 200
    assert await shown() == [second, first]
    for wrong in ([first], [first, first], [first, second, second], []):
        refused = await town.send("manager", "PUT", uploader.path, {"image_ids": wrong})
        assert refused.status_code == 409, wrong
    third = await add(40, replaces=second)
    assert await shown() == [third, first]
    listed = (await town.client.get(uploader.path, headers=town.bearer("manager"))).json()["images"]
    assert {image["id"] for image in listed} == {first, third}, "what was replaced is forgotten"
    gone = await town.client.delete(f"{uploader.path}/{first}", headers=town.bearer("manager"))
    assert gone.status_code == 204
    assert await shown() == [third]
    again = await town.client.delete(f"{uploader.path}/{first}", headers=town.bearer("manager"))
    assert again.status_code == 404
    unknown = await town.client.post(
        f"{uploader.path}?replaces={first}", files={"file": ("a.jpg", b"x")}, headers=town.bearer("owner")
    )
    assert unknown.json()["code"] == "image_not_of_item"
