"""axe-core in a page: what it finds wrong, and what it leaves open that nobody has explained.

The script comes from a package and enters through the browser's own protocol, for the pages allow
no script but their own.
"""

from weakref import WeakSet

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
looked_at: WeakSet[Page] = WeakSet()
"""Pages in which axe was: it leaves them no time, not even for an answer that is there."""

SEEN = ("color-contrast", "link-in-text-block", "target-size")
"""What depends on how a page is shown, and not on what it says."""

# What axe cannot decide: rule, its reason, where that is, and why it is fine there.
EXPLAINED = (
    (
        "color-contrast",
        "pseudoContent",
        ".row > :first-child",
        "The rail of a row: 3 px at its left edge, beside the words and never behind them.",
    ),
    (
        "color-contrast",
        "bgOverlap",
        ".row",
        "A longer line beside it, which its own cell clips; or the pill, which floats over a row.",
    ),
    (
        "color-contrast",
        "elmPartiallyObscuring",
        "#menu, #help, #more",
        "They lie in the top layer on a ground of their own: what axe sees is below it.",
    ),
    (
        "color-contrast",
        "elmPartiallyObscuring",
        ".doc",
        "A folder that has no room wraps out of its line, where it is clipped; what shows lies on "
        "the ground of its row, for which the same words are measured in the rows around it.",
    ),
    (
        "color-contrast",
        "elmPartiallyObscured",
        "#error",
        "A long error is longer than its block, which scrolls; in a short one the same colours are "
        "measured.",
    ),
)

_RUN = """async ([context, only, explained]) => {
    await Promise.all(document.getAnimations().map((one) => one.finished.catch(() => 0)));
    const resultTypes = ["violations", "incomplete"];
    const found = await axe.run(context, { runOnly: only, resultTypes });
    const say = (rule, node, reason) =>
        `${rule.id} ${reason} ${node.target.join(" ")}: ${node.failureSummary} ${node.html}`;
    const bad = found.violations.flatMap((rule) => rule.nodes.map((node) => say(rule, node, "")));
    for (const rule of found.incomplete) for (const node of rule.nodes) {
        const checks = [...node.any, ...node.all, ...node.none];
        const reason = checks.map((check) => check.data?.messageKey ?? "").join("");
        const element = document.querySelector(node.target[0]);
        const fine = ([id, why, where]) =>
            id === rule.id && why === reason && element.closest(where);
        if (!explained.some(fine))
            bad.push("left open: " + say(rule, node, reason));
    }
    return [bad, found.passes.length];
}"""


def look(
    page: Page, within: str = "html", *, without: str | None = None, seen: bool = False
) -> list[str]:
    """A line for each thing that is wrong on the page as it stands, or open and unexplained.

    `without` is a selector of what is not looked at. `seen` looks only at what another width or
    another theme may change.
    """
    looked_at.add(page)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    only = {"type": "rule", "values": SEEN} if seen else {"type": "tag", "values": TAGS}
    context = {"include": [within]} | ({"exclude": [without]} if without else {})
    wrong, passed = page.evaluate(_RUN, [context, only, [line[:3] for line in EXPLAINED]])
    assert passed, "axe looked at nothing"
    return wrong
