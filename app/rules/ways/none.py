"""What to look at where no job comes in: the same below every way."""

IF_NONE = (
    "Without `JOBWALL_URL` the reporter does nothing and says nothing, so that it can stay in code"
    " that also runs in tests and on laptops; `jobwall-report exec` alone says so. Is it set where"
    " your program runs? A worker, a service and cron have an environment of their own.",
    "What else is wrong it says in a line that begins with `jobwall`, on stderr or in your"
    " program’s log: a key that is refused, a project that is not there, a board that does not"
    " answer.",
    "Does this board answer from there? Then `curl -fsS $JOBWALL_URL/healthz` says `ok`.",
    "Clients of OpenLineage have variables of their own, and tell what is wrong in their own log.",
)
