"""Two boards on two ports of one host, in one browser."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.kit.board import served
from tests.kit.databases import Databases, sqlite_only

pytestmark = sqlite_only  # what a browser keeps does not depend on the engine


def with_a_key_of_its_own(settings: dict[str, str]) -> dict[str, str]:
    """As every board has but those of tests, whose folders are copies."""
    (Path(settings["INSTANCE"]) / "secret_key").unlink()
    return settings


def test_both_keep_who_signed_in(chromium: Browser, databases: Databases, tmp_path: Path) -> None:
    context = chromium.new_context(color_scheme="light")
    context.set_default_timeout(10_000)
    with (
        databases.new(tmp_path / "one") as first,
        databases.new(tmp_path / "two") as second,
        served(first) as one,
        served(with_a_key_of_its_own(second)) as two,
    ):
        pages = [context.new_page() for _ in (one, two)]
        for page, board in zip(pages, (one, two), strict=True):
            board.new_project("p1", name=f"On {board.port}")
            page.goto(board.sign_in_link())
            expect(page.get_by_role("link", name=f"On {board.port}")).to_be_visible()
        for page, board in zip(pages, (one, two), strict=True):
            page.goto(f"{board.url}/projects/p1")
            expect(page.get_by_role("heading", name=f"On {board.port}")).to_be_visible()
        pages[0].get_by_role("button", name="Settings").click()
        with pages[0].expect_response("**/settings"):
            pages[0].locator("#settings").get_by_text("Dark").click()
        pages[1].reload()
        assert pages[1].locator("html").get_attribute("data-theme") == "system"
        pages[1].get_by_role("button", name="Settings").click()
        pages[1].get_by_role("button", name="Sign out").click()
        expect(pages[1]).to_have_url(f"{two.url}/sign-in")
        pages[0].reload()
        expect(pages[0].get_by_role("heading", name=f"On {one.port}")).to_be_visible()
        assert pages[0].locator("html").get_attribute("data-theme") == "dark"
    context.close()
