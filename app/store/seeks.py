"""Rows that are sought one by one by their keys, whatever a planner believes of their number.

Joined in the plain way, PostgreSQL read the whole of a project of which it had no statistics yet,
and that seemed to be no more than a few jobs. SQLite always seeks.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    String,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
    table,
    true,
)

from app.store.database import inlined
from app.store.distributed import APART, CITUS_FEW, is_distributed, kind_of


def seek_each(
    dialect: str, keys: FromClause, key: ColumnElement[Any], query: Select[Any], column: Any
) -> Select[Any]:
    """The rows of a query whose column is the `key` of one of `keys`."""
    if dialect != "postgresql":
        return query.join(keys, column == key)
    # OFFSET 0 keeps the planner from turning the seeks into one join again.
    seek = query.where(column == key).offset(inlined(0)).lateral()
    return select(seek).select_from(keys.join(seek, true()))


def seek_listed(dialect: str, query: Select[Any], column: Any, name: str) -> Select[Any]:
    """The rows of a query whose column is one of the texts that `listed` brings by this name.

    On PostgreSQL, where rows can be locked, in the order of the texts.
    """
    if dialect != "postgresql":
        texts = func.json_each(bindparam(name)).table_valued("value")
        return query.where(column.in_(select(texts.c.value)))
    # Of an array that it sees PostgreSQL knows the length, and plans the statement each time anew.
    each = func.json_array_elements_text(cast(bindparam(name, type_=Text), JSON))
    texts = each.table_valued("value", name="listed").render_derived()
    return seek_each(dialect, texts, texts.c.value, query, column)


def seek_numbers(
    dialect: str, query: Select[Any], column: Any, numbers: Sequence[int]
) -> Select[Any]:
    """The rows of a query whose column is one of these numbers."""
    if dialect != "postgresql":
        return query.where(column.in_(numbers))
    unnested = func.unnest(literal(list(numbers), ARRAY(BigInteger)))
    given = unnested.table_valued("value", name="given").render_derived()
    return seek_each(dialect, given, given.c.value, query, column)


def is_one_of(dialect: str, column: Any, texts: Sequence[str]) -> ColumnElement[bool]:
    """Whether a column is one of these texts, however many: they are hashed, or in order."""
    if dialect == "postgresql":
        each = func.unnest(literal(list(texts), ARRAY(String))).table_valued("value", name="given")
        each = each.render_derived()
    else:
        each = func.json_each(literal(orjson.dumps(list(texts)).decode())).table_valued("value")
    found: ColumnElement[bool] = column.in_(select(each.c.value))
    return found


def seek_texts(dialect: str, query: Select[Any], column: Any, texts: Sequence[str]) -> Select[Any]:
    """The rows of a query whose column is one of these texts."""
    if dialect != "postgresql":
        return query.where(is_one_of(dialect, column, texts))
    unnested = func.unnest(literal(list(texts), ARRAY(String)))
    given = unnested.table_valued("value", name="sought").render_derived()
    return seek_each(dialect, given, given.c.value, query, column)


def listed(texts: Iterable[str]) -> str:
    """Texts as the value that `seek_listed` asks for, in order."""
    return orjson.dumps(sorted(texts)).decode()


def each_number(dialect: str, name: str) -> ColumnElement[int]:
    """The whole numbers of a list that `listed_numbers` brings by this name, a row for each."""
    if dialect != "postgresql":
        return func.json_each(bindparam(name)).table_valued("value").c.value
    unnested = func.unnest(bindparam(name, type_=ARRAY(BigInteger)))
    return unnested.table_valued("value", name="listed").render_derived().c.value


def one_of(dialect: str, column: Any, name: str) -> ColumnElement[bool]:
    """Whether a column is one of the whole numbers that `listed_numbers` brings by this name."""
    if dialect != "postgresql":
        return column.in_(select(each_number(dialect, name)))  # type: ignore[no-any-return]
    return column == any_(bindparam(name, type_=ARRAY(BigInteger)))  # type: ignore[no-any-return]


def ask_each(
    connection: Connection,
    build: Callable[[str], Any],
    name: str,
    rows: Iterable[Mapping[str, Any]],
    **values: Any,
) -> list[Row[*tuple[Any, ...]]]:
    """What a statement that is built with `each_row` finds for rows: for all of them at once."""
    rows = list(rows)
    ids = sorted({row["project_id"] for row in rows})
    values[name] = listed_rows(rows)
    if is_distributed(connection):
        values[_IDS] = ids
    return list(connection.execute(build(kind_of(connection, len(ids))), values).all())


_IDS = "of_each"


def one_of_these(column: Any) -> ColumnElement[bool]:
    """On Citus: whether an id is of the projects asked for, which tells whose nodes to ask."""
    return column == any_(bindparam(_IDS, type_=ARRAY(Text)))  # type: ignore[no-any-return]


def is_of(dialect: str, column: Any, rows: Any) -> ColumnElement[bool]:
    """Whether a project's id is that of a row of `each_row`: said in every part of a statement.

    Of few on a Citus also that it is one of them: else every node is asked for that part.
    """
    mine: ColumnElement[bool] = column == rows.c.project_id
    return and_(mine, one_of_these(column)) if dialect == CITUS_FEW else mine


def each_row(dialect: str, name: str, *numbers: str) -> Any:
    """The rows that `listed_rows` brings by this name: a `project_id`, and numbers by theirs."""
    if dialect != "sqlite":
        records = func.json_to_recordset(cast(bindparam(name, type_=Text), JSON))
        columns: list[Any] = [column("project_id", Text)]
        columns += [column(number, BigInteger) for number in numbers]
        rows = records.table_valued(*columns, name=name).render_derived(with_types=True)
        if dialect not in APART:
            return select(rows).subquery(name)
        # Of a project that is there, so that each node joins them with its own.
        known = table("projects", column("project_id", Text)).alias(f"of_{name}")
        given = select(known.c.project_id, *(rows.c[number] for number in numbers))
        joined = given.join_from(known, rows, rows.c.project_id == known.c.project_id)
        return joined.where(one_of_these(known.c.project_id)).subquery(name)
    value = func.json_each(bindparam(name)).table_valued("value").c.value
    fields = [func.json_extract(value, f"$.{key}").label(key) for key in ("project_id", *numbers)]
    return select(*fields).subquery(name)


def listed_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as the value that `each_row` asks for."""
    return orjson.dumps(list(rows)).decode()


def listed_numbers(dialect: str, numbers: Iterable[int]) -> list[int] | str:
    """Whole numbers as the value that those two ask for."""
    found = sorted(set(numbers))
    return found if dialect == "postgresql" else orjson.dumps(found).decode()
