"""The causes of the errors of a request: folded before its turn to write comes, each error once."""

from collections.abc import Iterable

from app.ledger.report import Report
from app.rules.causes import cause_of


class Folds(dict[str | None, int]):
    """The cause of an error. Of one that no report brought it is worked out when it is asked for.

    That is rare and takes 0.1 ms at most: a job that noted an error fails without another one.
    """

    def __missing__(self, error: str | None) -> int:
        cause = self[error] = cause_of(error)
        return cause


def fold_errors(reports: Iterable[Report]) -> Folds:
    """The causes of all errors that these reports bring."""
    folds = Folds()
    for error in {report.error_message for report in reports}:
        folds[error]
    return folds
