"""What to do about a cause: what the published contract says of its own, and of the commonest."""

import re

# What is looked for in a telling line, and what to do; the first that is found.
_REMEDIES: tuple[tuple[str, str], ...] = (
    # Those of the contract.
    (r"LLM API timeout after", "The model was not available. Run the job again."),
    (
        r"invalid extraction: missing required propert",
        "The model's answer was malformed. Run the job again; if it persists, report it.",
    ),
    (r"database connection lost", "This passes. Run the job again."),
    (
        r"token usage limit exceeded",
        "The account has reached its limit. Upgrade it, or wait until the limit is renewed.",
    ),
    # What models answer.
    (
        r"insufficient.quota|exceeded your current quota|more credits|billing|payment method",
        "The account has no budget left. Pay or raise its limit, then run the job again.",
    ),
    (
        r"rate.?limit|too many (?:requests|tokens)|\b429\b|resource.?exhausted|throttl",
        "Too much was asked at once. Run the job again later, with fewer at the same time.",
    ),
    (
        r"(?:incorrect|invalid|wrong|missing|expired).{0,20}(?:api|x-api)[ _-]?(?:key|token)"
        r"|\b401\b|unauthorized|authentication.{0,10}(?:fail|error)",
        "The key was refused. Check it where the pipeline is configured.",
    ),
    (
        r"context.?(?:length|window)|maximum context|prompt is too long|too many input tokens"
        r"|n_ctx|batch size .{0,30}maximum",
        "The text is too long for the model. Use smaller chunks, or a model that takes more.",
    ),
    (
        r"overloaded|\b5(?:29|03)\b|service unavailable|model is (?:loading|not ready)",
        "The service was busy. Run the job again later.",
    ),
    (
        r"model .{0,80}not found|try pulling it",
        "The server does not have this model. Install it there, or name another one.",
    ),
    (
        r"content (?:filter|management policy)|response was filtered|safety",
        "The provider refuses this text. Leave it out, or use another model.",
    ),
    (
        r"dimension",
        "The embeddings have another length than the index. Use the model it was made with, or"
        " make it anew.",
    ),
    # What documents are.
    (
        r"encrypted|password.{0,20}(?:pdf|document|file)|file has not been decrypted",
        "The document is protected. Store it again without its password.",
    ),
    (
        r"no text|no extractable text|empty (?:document|file|pdf)|EOF marker|not a (?:valid )?pdf"
        r"|really a PDF|corrupt|not a zip file|is not valid",
        "The document cannot be read. Open it, and store it again from its source.",
    ),
    (
        r"can't decode byte|codec can't",
        "The document is not in the encoding that was expected. Store it as UTF-8.",
    ),
    # What machines have.
    (
        r"out of memory|OutOfMemory|OOMKilled|bad_alloc|unable to allocate|can't allocate"
        r"|MemoryError|SIGKILL|exit code:? \(?137|signal 9\b",
        "Memory was not enough. Give the worker more, or let it do less at once.",
    ),
    (
        r"no space left|disk (?:is )?full|flood.stage",
        "The disk is full. Make room, then run the job again.",
    ),
    (
        r"permission denied|access is denied|EACCES",
        "The worker may not use this file. Give its user the right to.",
    ),
    (
        r"too many open files",
        "The process has too many files open. Raise its limit (ulimit -n).",
    ),
    (
        r"too many clients|connection (?:pool|slots)",
        "The database has no connection left. Use fewer workers, or raise its limit.",
    ),
    (
        r"connection refused|ECONNREFUSED|failed to connect|cannot connect|all connection attempts"
        r"|name or service not known|name resolution",
        "The service could not be reached. See whether it runs, and whether the address is right.",
    ),
    (
        r"timed? ?out|timeout|deadline exceeded",
        "It took too long. Run the job again; if it persists, allow more time, or send less.",
    ),
)
_FOUND = tuple((re.compile(sign, re.IGNORECASE), remedy) for sign, remedy in _REMEDIES)


def remedy_of(line: str) -> str | None:
    """What to do about the cause that this line tells of, if that is known."""
    return next((remedy for sign, remedy in _FOUND if sign.search(line)), None)
