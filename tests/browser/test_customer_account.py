"""One account on several browsers: what one changes the others show, and who is logged out is out at once."""

from playwright.async_api import expect
from tests.browser.customer_town import Guest

from tiffin.demo.city import DEMO_PASSWORD


async def test_a_name_changed_here_shows_there_without_a_reload(guest: Guest) -> None:
    here = await guest.open("/account", device="Here")
    there = await guest.open("/", device="There")
    await expect(there.get_by_role("link", name="Gunvor")).to_be_visible()
    await here.get_by_label("Name", exact=True).fill("Sirkka Guest")
    await here.get_by_role("button", name="Save").click()
    await expect(there.get_by_role("link", name="Sirkka")).to_be_visible(timeout=1_000)
    await expect(here.get_by_role("link", name="Sirkka")).to_be_visible()
    assert (await guest.tiffin.get_profile()).data["name"] == "Sirkka Guest"


async def test_of_two_changes_none_is_refused(guest: Guest) -> None:
    here = await guest.open("/account", device="Here")
    profile = await guest.tiffin.get_profile()
    assert profile.etag is not None
    await here.get_by_label("Phone").fill("+358 40 1234567")
    await guest.tiffin.update_profile({"name": "Sirkka Guest"}, profile.etag)
    await expect(here.get_by_label("Name", exact=True)).to_have_value("Sirkka Guest")
    await here.get_by_label("Phone").fill("+358 40 1234567")
    await here.get_by_role("button", name="Save").click()
    await expect(here.get_by_text("Saved")).to_be_visible()
    changed = (await guest.tiffin.get_profile()).data
    assert (changed["name"], changed["phone"]) == ("Sirkka Guest", "+358 40 1234567")


async def test_a_device_logged_out_elsewhere_is_out_at_once_in_all_its_tabs(guest: Guest) -> None:
    guest.watched.allow("401")
    phone = await guest.open("/orders", device="Phone")
    second = await phone.context.new_page()
    await second.goto("/account")
    await expect(second.get_by_text("This device")).to_be_visible()
    desk = await guest.open("/account", device="Desk")
    await desk.get_by_role("button", name="Log out Phone").click()
    for tab in (phone, second):
        await expect(tab.get_by_role("heading", name="Log in")).to_be_visible()
    await expect(desk.get_by_role("button", name="Log out Phone")).to_have_count(0)


async def test_logging_in_and_out_in_one_tab_counts_in_the_other(guest: Guest) -> None:
    guest.watched.allow("401")
    one = await guest.watched.open("/log-in")
    two = await one.context.new_page()
    await two.goto("/orders")
    await expect(two.get_by_role("heading", name="Log in")).to_be_visible()
    await one.get_by_label("E-mail").fill(guest.email)
    await one.get_by_label("Password").fill(DEMO_PASSWORD)
    await one.get_by_role("button", name="Log in").click()
    await expect(two.get_by_text("You have not ordered yet.")).to_be_visible()
    await one.goto("/account")
    await one.get_by_role("button", name="Log out", exact=True).click()
    await expect(two.get_by_role("heading", name="Log in")).to_be_visible()


async def test_a_new_customer_registers_and_finds_home_on_the_map(guest: Guest) -> None:
    guest.watched.allow("401")
    page = await guest.watched.open("/log-in")
    await page.get_by_role("button", name="Create an account").click()
    await page.get_by_label("Your name").fill("Uuno Uusi")
    await page.get_by_label("E-mail").fill(guest.email.replace("guest", "new"))
    await page.get_by_label("Password").fill(DEMO_PASSWORD)
    await page.get_by_role("button", name="Create an account").first.click()
    await expect(page.get_by_role("link", name="Uuno")).to_be_visible()
    await page.get_by_role("button", name="Deliver to").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Street and number").fill("Aleksanterinkatu 11")
    await dialog.get_by_label("City").fill("Helsinki")
    await dialog.locator(".city-map-canvas[data-idle]").click(position={"x": 150, "y": 90}, timeout=20_000)
    await dialog.get_by_role("button", name="Save the address").click()
    await expect(page.get_by_role("button", name="Deliver to")).to_contain_text("Aleksanterinkatu 11")


async def test_devices_are_named_and_the_password_ends_the_others(guest: Guest) -> None:
    guest.watched.allow("401|422")
    desk = await guest.open("/account", device="Desk")
    phone = await guest.open("/account", device="Phone")
    await desk.get_by_role("button", name="Phone").first.click()
    await desk.get_by_label("Name of the device").fill("Pocket")
    await desk.get_by_role("dialog").get_by_role("button", name="Save").click()
    await expect(phone.get_by_role("button", name="Pocket")).to_be_visible()
    await desk.get_by_label("Current password").fill("wrong")
    await desk.get_by_label("New password").fill("a much better password 7")
    await desk.get_by_role("button", name="Change the password").click()
    await expect(desk.get_by_text("The current password is wrong.")).to_be_visible()
    await desk.get_by_label("Current password").fill(DEMO_PASSWORD)
    await desk.get_by_role("button", name="Change the password").click()
    await expect(phone.get_by_role("heading", name="Log in")).to_be_visible()
    await expect(desk.get_by_text("This device")).to_be_visible()
