"""An authorisation comes out of verification and from nowhere else, and stays what it was."""

from __future__ import annotations

import ast
import copy
import pickle
import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from clew.audit.log import Entry, Receipt
from clew.engine import Engine
from clew.errors import Refused
from clew.records.folder import Manifest
from clew.records.store import Store
from clew.warrants.authorisation import Authorisation, Blinded, Joint
from clew.warrants.dsse import sign
from clew.warrants.policy import Holder, Policy
from clew.warrants.verify import CHECKS, verify_warrant
from clew.warrants.window import permit_window
from tests.chain_cases import MemoryLog
from tests.warrants import EXPIRES, JUDGE, NOW, PARTNER, clock, document, issue

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "python" / "clew"


def modules() -> dict[str, ast.Module]:
    found = {str(p.relative_to(PACKAGE)): ast.parse(p.read_text("utf-8")) for p in sorted(PACKAGE.rglob("*.py"))}
    assert len(found) > 40
    return found


def makers(module: ast.Module) -> list[str]:
    """What in a module could make an authorisation, or change one."""
    found = []
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module == "clew.warrants.authorisation":
            found += [alias.name for alias in node.names if alias.name.startswith("_")]
        if isinstance(node, ast.Attribute) and node.attr == "_KEY":
            found.append("_KEY")
        if isinstance(node, ast.Constant) and node.value == "_KEY":
            found.append("_KEY as a text")
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func).split(".")
            if called[-1] == "Authorisation":
                found.append("Authorisation(…)")
            if called[-1] in ("__new__", "__setattr__") and ast.unparse(node.args[0]) != "self":
                found.append(called[-1])
    return found


def test_nothing_but_verification_can_permit_a_look_at_records() -> None:
    found = {name: what for name, module in modules().items() if (what := makers(module))}
    makes = ["_KEY", "Authorisation(…)"]
    assert found == {"warrants/verify.py": makes, "warrants/window.py": makes}


@pytest.mark.parametrize(
    "line",
    [
        "from clew.warrants.authorisation import _KEY",
        "authorisation._KEY",
        "getattr(authorisation, '_KEY')",
        "Authorisation(key, clock, scope)",
        "authorisation.Authorisation(key, clock, scope)",
        "object.__new__(Authorisation)",
        "object.__setattr__(authorisation, 'hops', 9)",
    ],
)
def test_the_search_for_other_makers_finds_them(line: str) -> None:
    assert makers(ast.parse(line))


def test_an_authorisation_cannot_be_made_by_hand() -> None:
    with pytest.raises(Refused) as refused:
        Authorisation(object(), clock(), {})
    assert refused.value.code == "authorisation.not-verified"


def test_what_only_looks_like_an_authorisation_opens_no_records(tmp_path: Path) -> None:
    """Harm stopped: records are read with an object that no signed warrant stands behind."""
    envelope, policy = issue()
    scope = verify_warrant(envelope, policy, clock=clock())
    log = MemoryLog()
    store = Store(tmp_path, Manifest(), "0" * 64, ())
    names = [name for name in Authorisation.__slots__ if not name.startswith("_")]
    alike = SimpleNamespace(require_live=lambda: None, **{name: getattr(scope, name) for name in names})
    empty = object.__new__(Authorisation)
    for fake in (alike, empty):
        receipt = log.commit(Entry("records.read", {"warrant": scope.digest}))
        with Engine(threads=1) as engine, pytest.raises(Refused) as refused:
            store.attach(engine, fake, receipt)  # type: ignore[arg-type]
        assert refused.value.code == "authorisation.not-verified"
        with pytest.raises(Refused) as refused:
            store.record(fake, log.commit(Entry("records.source", {"warrant": scope.digest})), 1)  # type: ignore[arg-type]
        assert refused.value.code == "authorisation.not-verified"
    said = SimpleNamespace(require=lambda *_: None)
    for receipt in (said, object.__new__(Receipt)):  # type: ignore[assignment]
        with Engine(threads=1) as engine, pytest.raises(Refused) as refused:
            store.attach(engine, scope, receipt)
        assert refused.value.code == "log.no-receipt"
    for kind in (Authorisation, Receipt):
        with pytest.raises(TypeError):
            type("Mine", (kind,), {})


def test_a_window_is_read_only_with_the_receipt_of_a_persons_agreement_to_that_offer() -> None:
    """Harm stopped: the one permission that no signature stands behind is made out of plain words."""
    log, offer = MemoryLog(), "5" * 64
    window = (NOW, NOW + timedelta(days=1))
    for entry in (
        Entry("joint.agreed", {"offer": "6" * 64}),
        Entry("joint.agreed", {}),
        Entry("joint.offered", {"offer": offer}),
    ):
        with pytest.raises(Refused) as refused:
            permit_window(log.commit(entry), offer, "lantern-7", 1, window, 200, clock())
        assert refused.value.code == "log.wrong-receipt"
    with pytest.raises(Refused) as refused:
        permit_window(SimpleNamespace(offer=offer), offer, "lantern-7", 1, window, 200, clock())  # type: ignore[arg-type]
    assert refused.value.code == "log.no-receipt"
    agreed = log.commit(Entry("joint.agreed", {"offer": offer}))
    scope = permit_window(agreed, offer, "lantern-7", 1, window, 200, clock())
    assert (scope.clear_seeds(), scope.budgets.sources, scope.expires) == ((), 0, NOW + timedelta(hours=1))


def test_an_authorisation_cannot_be_widened_copied_or_kept_for_later() -> None:
    envelope, policy = issue()
    scope = verify_warrant(envelope, policy, clock=clock())
    with pytest.raises(AttributeError):
        scope.hops = 4
    with pytest.raises(AttributeError):
        scope.seeds += scope.seeds
    for name in ("expires", "_clock"):
        with pytest.raises(AttributeError):
            delattr(scope, name)
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            attempt(scope)


def test_an_authorisation_does_not_outlive_the_warrant() -> None:
    now = [NOW]
    envelope, policy = issue()
    scope = verify_warrant(envelope, policy, clock=lambda: now[0])
    scope.require_live()
    now[0] = EXPIRES - timedelta(seconds=1)
    scope.require_live()
    now[0] = EXPIRES
    with pytest.raises(Refused) as refused:
        scope.require_live()
    assert refused.value.code == "warrant.expired"


def test_no_seed_is_shown_by_a_repr() -> None:
    envelope, policy = issue(["+9647901234567"])
    scope = verify_warrant(envelope, policy, clock=clock())
    for value in (scope, scope.seeds, scope.seeds[0]):
        assert "7901234567" not in repr(value)


def test_blinded_seeds_are_carried_and_cannot_be_followed_as_numbers() -> None:
    """A step that follows numbers must not take an element of a group for one."""
    points = [Blinded(bytes([n] * 32)) for n in (2, 1)]
    joint = Joint("1" * 64, "2" * 64, ("3" * 64,))
    envelope = sign(document(points, joint=joint).encode(), JUDGE, PARTNER)
    sides = ((JUDGE, "iq"), (PARTNER, "fr"))
    policy = Policy(holders=tuple(Holder("A. Judge", "judge", key.public, side) for key, side in sides), threshold=1)
    scope = verify_warrant(envelope, policy, clock=clock())
    assert scope.seeds == (points[1], points[0])
    assert scope.joint == joint
    with pytest.raises(Refused) as refused:
        scope.clear_seeds()
    assert refused.value.code == "warrant.blinded-seeds"


def test_the_checks_of_the_specification_are_those_of_the_code() -> None:
    text = (ROOT / "spec" / "warrant.md").read_text("utf-8")
    section = text.split("\n## 5. ")[1].split("\n## 6. ")[0]
    listed = [
        (int(number), title.lower()) for number, title in re.findall(r"^(\d+)\. \*\*([^*.]+?)[.]?\*\*", section, re.M)
    ]
    assert [number for number, _ in listed] == list(range(1, 14))
    assert len(CHECKS) == 13
    for number, ((_, title), (told, check)) in enumerate(zip(listed, CHECKS, strict=True), 1):
        assert title == told.lower()
        assert (check.__doc__ or "").startswith(f"(spec 5.{number}) ")


def test_every_code_that_the_checks_name_is_one_that_they_raise() -> None:
    text = (ROOT / "spec" / "warrant.md").read_text("utf-8")
    section = text.split("\n## 5. ")[1].split("\n## 6. ")[0]
    named = set(re.findall(r"`((?:warrant|policy|log|number)\.[a-z-]+)`", section))
    source = "".join(p.read_text("utf-8") for p in [*(PACKAGE / "warrants").glob("*.py"), PACKAGE / "numbers.py"])
    assert len(named) > 20
    assert {code for code in named if f'"{code}"' not in source} == set()
