"""Published values and the joint trace's vectors, through Python, on every backend."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clew import _core
from clew.joint import group
from clew.joint.selftest import self_test
from tests.group_run import using

TRACE = Path(__file__).resolve().parent.parent.parent.parent / "shared" / "vectors" / "joint-trace-1.json"


@pytest.mark.parametrize("backend", _core.backends())
def test_every_published_value_is_computed(backend: str) -> None:
    with using(backend):
        outcome = self_test()
    assert len(outcome) >= 58
    assert [name for name, right in outcome.items() if not right] == []


@pytest.mark.parametrize("backend", _core.backends())
def test_names_and_rows_of_the_joint_trace(backend: str) -> None:
    if not TRACE.exists():
        pytest.skip("vectors not present: ../shared/vectors")
    document = json.loads(TRACE.read_text("utf-8"))
    holder, items = document["holder"], document["items"]
    assert len(items) == 4
    secrets = {key: group.SecretScalar.from_canonical(bytes.fromhex(holder[f"secret_{key}"])) for key in "xmjk"}
    with using(backend):
        assert [secrets[key].public.hex() for key in "xmjk"] == [holder[key] for key in "XMJK"]
        numbers = [item["number"].encode() for item in items]
        points = group.hash_to_group(numbers, document["number_dst"].encode())
        assert [bytes(point).hex() for point in points] == [item["N"] for item in items]
        names, rows = group.multiply(points, secrets["j"]), group.multiply(points, secrets["k"])
        assert [bytes(name).hex() for name in names] == [item["name"] for item in items]
        assert [bytes(row).hex() for row in rows] == [item["row_point"] for item in items]
        for found, field in zip(group.row_keys(rows), ("row_id", "row_key"), strict=True):
            assert [bytes(one).hex() for one in found] == [item[field] for item in items]
