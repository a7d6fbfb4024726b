"""Who called and who was called: the columns of a file that hold them, and the form of their numbers."""

from __future__ import annotations

from clew.records.columns import mostly_numbers, plain_numbers
from clew.records.drafting import Drafting
from clew.records.sniff_direction import settle_direction
from clew.records.sniff_numbers import look_at_numbers, refuse_damage

__all__ = ["settle_parties"]


def settle_parties(drafting: Drafting) -> None:
    """Draft the columns of both sides, the form of their numbers, and which of them called; ask what is open."""
    columns = drafting.columns
    a, b = columns.one("a"), columns.one("b")
    subscriber, other = columns.one("subscriber"), columns.one("other")
    phones = columns.roles.get("phone", ())
    if a is None and subscriber is None and len(phones) == 1:
        subscriber = phones[0]
    if a is None and (b is not None or other is not None):
        a = subscriber
    if b is None and a is not None:
        b = other
    a, b = drafting.column("a.column", a), drafting.column("b.column", b)
    mapped = {position for role, at in columns.roles.items() if role not in ("a", "b", "phone") for position in at}
    loose = [at for at in range(columns.width) if at not in mapped | {a, b} and mostly_numbers(columns.cells(at))]
    # A column of cells' identifiers looks like numbers too: it is shown only where nothing looks better.
    plain = [at for at in loose if plain_numbers(columns.cells(at))]
    loose = plain if len(plain) >= 2 else loose
    sides = (("a", a, "calls (the A-number)"), ("b", b, "is called (the B-number)"))
    for side, position, text in sides:
        if position is None:
            drafting.shown.update(loose)
            names = columns.choices(loose)
            drafting.ask(f"{side}.column", f"--set {side}.column=COLUMN", f"Which column holds who {text}?", names)
        else:
            table = drafting.document.setdefault(side, {})
            table["column"] = drafting.use(position)
            drafting.say(f"{side.upper()}-number", f"column {columns.label(position)!r}")
    _forms(drafting, a, b)
    if a is not None and b is not None:
        settle_direction(drafting, a, b, subscriber=a == subscriber, other=b == other)


def _forms(drafting: Drafting, a: int | None, b: int | None) -> None:
    open_sides: list[tuple[str, tuple[str, ...], str]] = []
    for side, position in (("a", a), ("b", b)):
        if position is None:
            continue
        cells = drafting.columns.cells(position)
        refuse_damage(cells, f"{drafting.sample.path}: {drafting.columns.label(position)}")
        seen = look_at_numbers(cells)
        form = drafting.answers.get(f"{side}.form") or drafting.answers.get("form") or seen.form
        country = drafting.answers.get("country")
        if form is not None and form in ("national", "mixed", "sip", "opaque"):
            form += ":"
        if form is not None and form.endswith(":") and form != "opaque:" and country is not None:
            form += country
        if form is None or form.endswith(":"):
            open_sides.append((side, (form,) if form else seen.candidates, seen.because))
        else:
            drafting.document[side]["form"] = form
            drafting.say(f"number form {side.upper()}", f"{form}" + (f": {seen.because}" if seen.form else ""))
    _ask_forms(drafting, open_sides)


def _ask_forms(drafting: Drafting, sides: list[tuple[str, tuple[str, ...], str]]) -> None:
    """One question for both columns where they leave the same open."""
    if not sides:
        return
    kinds = {candidates for _, candidates, _ in sides}
    because = "; ".join(dict.fromkeys(f"{why}" for _, _, why in sides))
    if kinds <= {("national:",), ("mixed:",), ("sip:",)}:
        drafting.ask("country", "--country CC", f"In which country's form are the numbers? ({because})")
    elif kinds == {("opaque:",)}:
        drafting.ask(
            "form",
            "--number-form opaque:NAMESPACE",
            f"Whose identifiers are these? Give their namespace a name. ({because})",
            ("opaque:NAMESPACE",),
        )
    else:
        choices = dict.fromkeys(
            candidate + {"opaque:": "NAMESPACE"}.get(candidate, "CC" if candidate.endswith(":") else "")
            for _, candidates, _ in sides
            for candidate in candidates
        )
        drafting.ask("form", "--number-form FORM", f"In which form are the numbers? ({because})", tuple(choices))
