"""What failing documents have in common, and what only seems so."""

from app.rules.common import LEAST, Common, in_common
from app.rules.times import DAY, HOUR, MINUTE

NIGHT = 20_000 * DAY + 2 * HOUR


def failed(names: list[str], every: int = MINUTE) -> list[tuple[str, int]]:
    return [(name, NIGHT + number * every) for number, name in enumerate(names)]


def test_the_deepest_folder_the_ending_and_the_hour_are_found() -> None:
    names = [f"scans/2026/batch 7/page {number}.PDF" for number in range(9)]
    common = in_common(failed([*names, "scans/2026/other/readme.md"]))
    assert common == Common(10, ("scans/2026/batch 7/", 9), (".pdf", 9), (2, 10))


def test_what_less_than_most_share_is_not_said() -> None:
    names = [f"{'ab'[number % 2]}/d{number}.{('pdf', 'md')[number % 2]}" for number in range(10)]
    assert in_common(failed(names, every=5 * HOUR)) == Common(10)


def test_of_few_documents_nothing_is_said() -> None:
    assert in_common(failed(["a/b.pdf"] * (LEAST - 1))) == Common(LEAST - 1)


def test_names_without_a_folder_or_an_ending_share_none() -> None:
    assert in_common(failed(["readme"] * 5)) == Common(5, None, None, (2, 5))


def test_folders_of_windows_and_of_addresses_are_folders() -> None:
    names = [f"C:\\scans\\{number}.pdf" for number in range(5)]
    assert in_common(failed(names)).folder == ("C:\\scans\\", 5)
    urls = [f"https://wiki.example/team/page?id={number}/x" for number in range(5)]
    assert in_common(failed(urls)).folder == ("https://wiki.example/team/", 5)
