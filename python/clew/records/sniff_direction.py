"""Which way the calls of a file went: the column and the words that say so, or a question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from clew.errors import InputError
from clew.records.columns import a_is_the_subscriber, word_columns
from clew.records.drafting import DROPPED, WORDS_ASKED, Drafting, counted, is_plain
from clew.records.words import Direction, direction_of, likely_direction

__all__ = ["WAYS", "settle_direction"]

WAYS: Final[tuple[Direction, ...]] = ("outgoing", "incoming")
_MEANS: Final[Mapping[Direction, str]] = {
    "outgoing": "outgoing calls, which the subscriber made",
    "incoming": "incoming calls, which the subscriber got",
}


def settle_direction(drafting: Drafting, a: int, b: int, *, subscriber: bool, other: bool) -> None:
    """Draft the rule that turns incoming lines round. It is never left out because nothing could be read of it."""
    position = _direction_column(drafting, subscriber)
    if position is None or drafting.answers.get("direction") in WAYS:
        _one_direction(drafting, a, b, subscriber=subscriber)
        return
    words = drafting.columns.words(position)
    ways = {word: way for word in words if (way := direction_of(word)) is not None}
    named = _named(drafting)
    ways |= named
    turned = True if subscriber and other else None
    if turned is None:
        turned = a_is_the_subscriber(
            drafting.columns, a, b, [ways.get(cell) for cell in drafting.columns.cells(position)]
        )
    if turned is None and a in drafting.columns.roles.get("subscriber", ()):
        turned = True
    if "direction" in drafting.answers:
        turned = drafting.answers["direction"] == "turn"
    elif named:
        turned = True
    name = drafting.columns.label(position)
    if turned is None:
        drafting.shown.add(position)
        drafting.ask(
            "direction",
            "--set direction=turn|keep",
            f"Column {name!r} ({counted(words)}) says a direction. Does {drafting.columns.label(a)!r} hold the "
            "subscriber in every line, so that incoming calls came from the other one (turn), or already the "
            "caller (keep)?",
            ("turn", "keep"),
        )
    elif turned:
        _turn(drafting, position, words, ways)
    else:
        drafting.say("direction", f"column {name!r} is not needed: {drafting.columns.label(a)!r} holds the caller")


def _named(drafting: Drafting) -> dict[str, Direction]:
    said = {way: drafting.listed(f"direction.{way}") for way in WAYS}
    if set(said["outgoing"]) & set(said["incoming"]):
        raise InputError(
            "profile.value",
            "one word is both outgoing and incoming",
            where=f"{drafting.sample.path}: direction",
            mend="Say each word for one way. Does no word of this column say a way, say --set direction.column=none.",
        )
    return {word: way for way in WAYS for word in said[way]}


def _turn(drafting: Drafting, position: int, words: Counter[str], ways: Mapping[str, Direction]) -> None:
    """The words that say outgoing and incoming; those that nobody knows are asked for, where one way has none."""
    name = drafting.columns.label(position)
    column = drafting.use(position)
    lists = {way: sorted(word for word, found in ways.items() if found == way) for way in WAYS}
    strange = [word for word in words if word not in ways]
    missing = [way for way in WAYS if not lists[way]]
    if strange and missing:
        for way in missing:
            likely = [word for word in strange if likely_direction(word) == way]
            guess = f" Often that is {', '.join(map(repr, likely))}." if likely else ""
            drafting.ask(
                f"direction.{way}",
                f"--set direction.{way}=WORDS",
                f"Which words of column {name!r} ({counted(words)}) mark {_MEANS[way]}?{guess} Say none if none "
                "of them does.",
                [word for word in strange if is_plain(word)][:WORDS_ASKED],
            )
        return
    # With one way only in the beginning, its counterpart stands for it: what comes later is rejected, not turned.
    drafting.document["direction"] = {"column": column, **{way: lists[way] or [way] for way in WAYS}}
    drafting.say("direction", f"column {name!r} turns incoming lines round")
    empty = drafting.columns.cells(position).count("")
    if strange or empty:
        shown = counted(Counter({word: words[word] for word in strange} | ({"": empty} if empty else {})))
        drafting.note(
            f"{shown} in column {name!r} says no direction: these lines are rejected. --set direction.incoming=… "
            "or direction.outgoing=… names more words."
        )


def _direction_column(drafting: Drafting, subscriber: bool) -> int | None:
    """The column that says the direction; of a subscriber's lines, the one for kinds where that says it."""
    columns, answer = drafting.columns, drafting.answers.get("direction.column")
    if answer == "none" and columns.position("none") is None:
        return None
    position = drafting.column("direction.column", columns.one("direction"))
    if answer is None and position is not None and not columns.words(position):
        position = None
    kind = drafting.column("kind.column", columns.one("kind"))
    if position is None and subscriber and kind is not None:
        says = any(direction_of(word) is not None for word in columns.words(kind))
        position = kind if says else None
    return position


def _one_direction(drafting: Drafting, a: int, b: int, *, subscriber: bool) -> None:
    """Lines of which no column says the direction: all outgoing, or all incoming, or another column says it."""
    columns, said = drafting.columns, drafting.answers.get("direction")
    named = any(drafting.listed(f"direction.{way}") for way in WAYS)
    several = len(columns.roles.get("direction", ())) > 1
    if said == "incoming":
        drafting.document["a"], drafting.document["b"] = drafting.document["b"], drafting.document["a"]
        drafting.say("direction", f"every line is incoming: {columns.label(b)!r} calls {columns.label(a)!r}")
    elif said in ("outgoing", "keep"):
        drafting.say("direction", f"every line is outgoing: {columns.label(a)!r} calls {columns.label(b)!r}")
    elif (subscriber or named or several) and "direction.column" not in drafting.answers:
        _ask_direction_column(drafting, a, b)
    elif subscriber:
        _ask_direction(
            drafting,
            f"No column says who called: {columns.label(a)!r} holds the subscriber and "
            f"{columns.label(b)!r} the other one.",
        )


def _ask_direction(drafting: Drafting, why: str) -> None:
    text = f"{why} Is every line outgoing, or every line incoming?"
    drafting.ask("direction", "--set direction=outgoing|incoming", text, WAYS)


def _ask_direction_column(drafting: Drafting, a: int, b: int) -> None:
    columns = drafting.columns
    used = {
        a,
        b,
        *(at for role in (*DROPPED, "start", "date", "time", "end", "duration") for at in columns.roles.get(role, ())),
    }
    found = [at for at in word_columns(columns) if at not in used]
    who = f"{columns.label(a)!r} holds the subscriber and {columns.label(b)!r} the other one"
    if not found:
        _ask_direction(drafting, f"No column says who called: {who}.")
        return
    drafting.shown.update(found)
    shown = "; ".join(f"{columns.label(at)!r}: {counted(columns.words(at))}" for at in found[:4])
    drafting.ask(
        "direction.column",
        "--set direction.column=COLUMN (or --set direction=outgoing|incoming for every line)",
        f"Which column says who called? {who}. ({shown}) Say none if none of them does.",
        [*columns.choices(found), "none"],
    )
