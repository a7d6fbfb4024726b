"""Arabic on a terminal: isolated, so that it turns no number beside it round; and an account whose sum is seen."""

from __future__ import annotations

import re

from clew.cli.accounts import account_text, accounts_text
from clew.cli.readable import readable
from clew.records.account import Account
from clew.records.rejects import mask_numbers
from clew.words.isolation import FIRST_STRONG_ISOLATE as BEGIN
from clew.words.isolation import POP_ISOLATE as END


def test_plain_text_stays_as_it_is() -> None:
    for text in ("", "column 'Appelé', 07 | 08", "×•…→"):
        assert readable(text) == text


def test_arabic_is_isolated_and_numbers_beside_it_are_not_part_of_it() -> None:
    assert readable("column 'رقم المتصل به' 0790") == f"column '{BEGIN}رقم المتصل به{END}' 0790"
    assert readable("سجلات 2026.csv") == f"{BEGIN}سجلات{END} 2026.csv"
    assert readable("المدة (ثانية)") == f"{BEGIN}المدة{END} ({BEGIN}ثانية{END})"


def made(**changes: object) -> Account:
    values: dict[str, object] = {
        "import_number": 1, "file": "x.csv", "sha256": "0" * 64, "size": 12345, "profile": "p", "operator": "o",
        "imported_at": "2026-01-01T00:00:00Z", "number_plans": "", "units": 1_000_010, "records": 1_000_000,
        "merged_legs": 1, "duplicate": 2, "rejected": 3, "header_and_footer": 4, "out_of_scope": 0,
    }  # fmt: skip
    return Account(**{**values, **changes})  # type: ignore[arg-type]


def test_lines_of_the_file_that_are_no_units_are_told() -> None:
    assert "of 1,000,013 lines in the file, 3 lines go on inside a quoted" in account_text(made(continued_lines=3))
    assert "1 line goes on" in account_text(made(continued_lines=1))
    assert "lines in the file" not in account_text(made())


def test_the_parts_stand_under_the_whole_right_aligned() -> None:
    lines = re.findall(r"^  ([ =+]) ( *[0-9,]+)  (.+)$", account_text(made()), re.MULTILINE)
    assert [sign for sign, _, _ in lines] == [" ", "=", "+", "+", "+", "+", "+"]
    assert [name for _, _, name in lines][:2] == ["units", "records"]
    whole, *parts = (int(figure.replace(",", "")) for _, figure, _ in lines)
    assert whole == sum(parts) == 1_000_010
    assert len({len(figure) for _, figure, _ in lines}) == 1


def test_several_files_have_a_sum_of_their_own() -> None:
    text = accounts_text([made(), made(import_number=2, units=20, records=10)])
    assert "All 2 files" in text
    assert "1,000,030  units" in text


def test_a_footer_that_claims_another_count_cannot_be_overlooked() -> None:
    from clew.records.account import Footer

    text = account_text(made(footers=(Footer(11, 10, agrees=False),)))
    assert "claims 11 records: DOES NOT AGREE: there are 10" in text


def test_numbers_in_rejected_lines_are_masked_and_dates_are_not() -> None:
    masked = mask_numbers("+9647901234567;07 90 12 34;2026-13-45 10:00;25:99;60;voice;964790123456", ";")
    assert masked == "•••;•••;2026-13-45 10:00;25:99;60;voice;•••"
    assert mask_numbers('"07901234567"|sip:+33612345678@op|03/04/2026', "|") == "•••|•••|03/04/2026"
