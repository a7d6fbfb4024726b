"""The typed stub of the Rust extension says what the built binary has: every name, both ways, with its parameters."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from types import BuiltinFunctionType
from typing import Any

import pytest

from clew import _core

STUB = ast.parse(Path(_core.__file__).with_name("_core.pyi").read_text("utf-8"))


def only_typing(node: ast.stmt) -> bool:
    """Whether the stub needs it for types alone: an import, an alias, a description, a typed dictionary."""
    if isinstance(node, ast.ClassDef):
        return any(isinstance(base, ast.Name) and base.id == "TypedDict" for base in node.bases)
    return not isinstance(node, ast.FunctionDef | ast.AnnAssign)


def names(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    """What is declared to exist, by name."""
    found: dict[str, ast.stmt] = {}
    for node in body:
        if only_typing(node):
            continue
        name = node.target.id if isinstance(node, ast.AnnAssign) else node.name  # type: ignore[attr-defined, union-attr]
        assert name not in found or is_overload(node), f"{name} is declared twice"
        found[name] = node
    return found


def is_overload(node: ast.stmt) -> bool:
    return "overload" in decorators(node)


def decorators(node: ast.stmt) -> set[str]:
    listed = getattr(node, "decorator_list", [])
    return {found.id for found in listed if isinstance(found, ast.Name)}


DECLARED = names(STUB.body)
CLASSES = {name: node for name, node in DECLARED.items() if isinstance(node, ast.ClassDef)}
FUNCTIONS = {name: node for name, node in DECLARED.items() if isinstance(node, ast.FunctionDef)}


def built(thing: Any) -> set[str]:
    """The names that somebody gave to what the binary has, without those that every module and class has."""
    everywhere = set(dir(object)) | {"__module__", "__doc__", "__all__", "__file__", "__loader__", "__name__"}
    return {name for name in vars(thing) if name not in everywhere | {"__package__", "__spec__", "__text_signature__"}}


def parameters_of(node: ast.FunctionDef, *, bound: bool) -> list[tuple[str, str, bool]]:
    """(name, kind, has default) of every parameter, without self or cls."""
    given = node.args
    positional = [*given.posonlyargs, *given.args]
    first_default = len(positional) - len(given.defaults)
    found = [(one.arg, "positional", place >= first_default) for place, one in enumerate(positional)]
    found = found[1:] if bound else found
    return found + [
        (one.arg, "keyword", default is not None)
        for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]


def parameters_in_binary(thing: Any, *, bound: bool) -> list[tuple[str, str, bool]]:
    """The same of what was built, from its text signature."""
    found = list(inspect.signature(thing).parameters.values())
    found = found[1:] if bound else found
    kinds = {inspect.Parameter.POSITIONAL_OR_KEYWORD: "positional", inspect.Parameter.KEYWORD_ONLY: "keyword"}
    return [(one.name, kinds[one.kind], one.default is not inspect.Parameter.empty) for one in found]


def test_the_stub_names_what_the_binary_has_and_nothing_else() -> None:
    assert len(DECLARED) > 5
    assert built(_core) - set(DECLARED) == set(), "in the binary, not in the stub"
    assert set(DECLARED) - set(dir(_core)) == set(), "in the stub, not in the binary"


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_takes_what_the_stub_says(name: str) -> None:
    function = getattr(_core, name)
    assert isinstance(function, BuiltinFunctionType)
    assert function.__text_signature__ is not None
    assert parameters_in_binary(function, bound=False) == parameters_of(FUNCTIONS[name], bound=False)
    assert function.__doc__, "what does it return?"


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_a_class_has_what_the_stub_says(name: str) -> None:
    kind, declared = getattr(_core, name), names(CLASSES[name].body)
    assert "final" in decorators(CLASSES[name]), "no class of the binary can be inherited from"
    with pytest.raises(TypeError):
        type("Heir", (kind,), {})
    assert kind.__doc__
    has_new = "__new__" in declared
    hidden = {"__new__", "__reduce__", "__repr__"}
    assert built(kind) - hidden == set(declared) - hidden
    if has_new:
        node = declared["__new__"]
        assert isinstance(node, ast.FunctionDef)
        assert parameters_in_binary(kind, bound=False) == parameters_of(node, bound=True)
    else:
        with pytest.raises(TypeError):
            kind()


def methods() -> list[tuple[str, str]]:
    return [(name, method) for name, node in CLASSES.items() for method in names(node.body) if method != "__new__"]


@pytest.mark.parametrize(("name", "method"), methods())
def test_a_method_takes_what_the_stub_says(name: str, method: str) -> None:
    kind = getattr(_core, name)
    node = names(CLASSES[name].body)[method]
    assert isinstance(node, ast.FunctionDef)
    there = vars(kind)[method]
    if "property" in decorators(node):
        assert inspect.isgetsetdescriptor(there)
        return
    if method.startswith("__"):
        return
    assert isinstance(there, staticmethod) == ("staticmethod" in decorators(node))
    static = isinstance(there, staticmethod)
    assert parameters_in_binary(getattr(kind, method), bound=not static) == parameters_of(node, bound=not static)
    assert getattr(kind, method).__doc__, "what does it return?"
