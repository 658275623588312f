"""The wall fits, whatever it has to show: nothing scrolls, clips, overlaps or gets lost."""

import re
from collections.abc import Iterable, Iterator, Sequence

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from app import create_app
from app.clock import now
from app.config import read
from app.queries.wall import Wall
from screenshots.made_walls import made_closeup, made_lines, show
from tests.kit.fonts import WIDE, WIDEST, take_a_font
from tests.kit.wall_fits import SHAPES, SIZES, resized

COUNTS = [
    (projects, troubles)
    for projects in (1, 2, 9, 16, 31, 130, 1000)
    for troubles in (0, 1, 3, 12, 13, 60)
    if troubles <= projects
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An app that renders, without a database."""
    return create_app(read({"INSTANCE": str(tmp_path_factory.mktemp("instance"))}))


@pytest.fixture(scope="module")
def screen(chromium: Browser, made: Flask) -> Iterator["Screen"]:
    context = chromium.new_context()
    yield Screen(context.new_page(), made)
    context.close()


class Screen:
    """A television whose pages are made up."""

    def __init__(self, page: Page, app: Flask) -> None:
        self.page, self.app = page, app

    def show(self, wall: Wall, at: int, asked: Sequence[str] = ()) -> None:
        self.page.set_viewport_size({"width": 1920, "height": 1080})
        show(self.page, self.app, wall, at, asked)

    def faults(
        self, tally: dict[str, int] | None = None, *, width: int = WIDE
    ) -> dict[str, list[str]]:
        """What is wrong on screens of any size, in Inter and then in a wide font that comes late.

        With a tally, also whether each tells of all that it counts.
        """
        found = self._look("Inter", SIZES, tally)
        take_a_font(self.page, width)
        found |= self._look("wide", SHAPES, tally)
        return {where: faults for where, faults in found.items() if faults}

    def _look(
        self, font: str, sizes: Iterable[tuple[int, int]], tally: dict[str, int] | None
    ) -> dict[str, list[str]]:
        found = {}
        for width, height in sizes:
            faults, counted = resized(self.page, (width, height))
            if tally is not None and counted != tally:
                faults.append(f"counted {counted}")
            found[f"{font}, {width}×{height}"] = faults
        return found


@pytest.mark.parametrize(("projects", "troubles"), COUNTS)
def test_every_number_of_projects_fits_every_screen(
    screen: Screen, projects: int, troubles: int
) -> None:
    at = now()
    screen.show(Wall(made_lines(projects, troubles, at)), at)
    assert screen.faults({"troubles": troubles, "all": projects}) == {}


def test_projects_that_are_folded_are_not_taken_for_jobs(screen: Screen) -> None:
    at = now()
    screen.show(Wall(made_lines(1000, 0, at)), at)
    expect(screen.page.locator(".chip--rest")).to_have_text(
        re.compile(r"^\+[\d,]+ projects? [a-z]")
    )


@pytest.mark.parametrize("asked", [[], ["p1"], [f"p{number}" for number in range(200)]])
def test_what_stands_in_for_the_rows_fits_every_screen(screen: Screen, asked: list[str]) -> None:
    screen.show(Wall(()), now(), asked)
    assert screen.faults() == {}


@pytest.mark.parametrize(
    ("causes", "running"), [(0, 0), (1, 0), (0, 1), (2, 3), (12, 60), (300, 9)]
)
@pytest.mark.parametrize("name", range(0, 7, 2))
def test_one_project_alone_fits_every_screen(
    screen: Screen, causes: int, running: int, name: int
) -> None:
    at = now()
    line = made_lines(7, 3, at)[name]
    screen.show(Wall([line], made_closeup(line, causes, running, at)), at)
    assert screen.faults(width=WIDEST) == {}
