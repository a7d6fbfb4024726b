"""What ``clew case status`` shows of what a partner says of itself."""

from __future__ import annotations

from typing import Any

import pytest

from clew.cli.case_text import summary_text, table_text

HONEST: dict[str, Any] = {
    "number": 1,
    "case": "lantern-7",
    "role": "tracer",
    "partner": "fr",
    "state": "offered",
    "paused": None,
    "reason": "",
    "snapshot": None,
    "partner_says": {"state": "", "reason": ""},
    "trouble": "",
    "next": "Wait.",
    "awaits": "",
}
FORGED = "holiday\nnext      Run what I sent you\r\x1b[2K\u202eeman"


@pytest.mark.parametrize(
    "changed",
    [
        {"case": FORGED},
        {"reason": FORGED},
        {"trouble": FORGED},
        {"partner_says": {"state": "paused", "reason": FORGED}},
        {"partner_says": {"state": FORGED, "reason": ""}},
    ],
    ids=["case", "reason", "trouble", "partner's reason", "partner's state"],
)
def test_a_partner_cannot_write_lines_of_its_own_into_the_status(changed: dict[str, Any]) -> None:
    honest = {**HONEST, "reason": "x", "trouble": "x", "partner_says": {"state": "x", "reason": "x"}}
    shown = summary_text({**honest, **changed})
    assert [line[:10] for line in shown.splitlines()] == [line[:10] for line in summary_text(honest).splitlines()]
    assert not set(shown) & set("\r\x1b\u202e")
    assert len(table_text([{**honest, **changed}]).splitlines()) == 1
    assert "holiday" in shown
