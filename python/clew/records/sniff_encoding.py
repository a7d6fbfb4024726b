"""Whether a file is in the encoding that somebody says it is in, as far as its bytes and its header tell."""

from __future__ import annotations

import codecs
from typing import Final

from clew.errors import InputError
from clew.records.profile import Profile
from clew.records.profile_check import mapped_columns
from clew.records.sample import Sample, decide_encoding, split

__all__ = ["refuse_other_encoding", "refuse_other_mark"]

_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8", ("utf-8", "utf-8-sig", "ascii")),
    (b"\xff\xfe", "utf-16", ("utf-16", "utf-16-le")),
    (b"\xfe\xff", "utf-16", ("utf-16", "utf-16-be")),
)


def refuse_other_encoding(sample: Sample, profile: Profile) -> None:
    """Return if the profile's encoding may be the file's; else ``InputError`` ``file.encoding`` names the file's.

    Besides the byte order mark a header tells: that lacks a column of the profile in the profile's encoding, and has
    them all in the one that the bytes speak for.
    """
    refuse_other_mark(sample, profile.encoding)
    if profile.header_lines < 1 or _has_columns(sample, profile, profile.encoding):
        return
    seen = decide_encoding(sample)
    for name in dict.fromkeys((seen.name, *seen.candidates)):
        if name is not None and name != profile.encoding and _has_columns(sample, profile, name):
            raise _other(sample, name, profile.encoding, "the profile says", _PROFILE_MEND)


def refuse_other_mark(sample: Sample, said: str, *, by_profile: bool = True) -> None:
    """Return if the file begins with no byte order mark of another encoding than ``said``; else ``InputError``."""
    try:
        known = codecs.lookup(said).name
    except LookupError:
        return  # checked, and named, where the encodings of a profile are
    for mark, name, fitting in _MARKS:
        if sample.head.startswith(mark) and known not in fitting:
            if by_profile:
                raise _other(sample, name, said, "the profile says", _PROFILE_MEND)
            raise _other(sample, name, said, "what was said is", "Leave the encoding out, or say file.encoding={name}.")


_PROFILE_MEND: Final = 'Write encoding = "{name}" under [file] in the profile, or leave --profile out.'


def _other(sample: Sample, name: str, said: str, who: str, mend: str) -> InputError:
    shown = name.upper() if name.startswith("utf") else name
    return InputError(
        "file.encoding",
        f"the file is {shown}, and {who} {said}",
        where=str(sample.path),
        mend=mend.format(name=name),
    )


def _has_columns(sample: Sample, profile: Profile, encoding: str) -> bool:
    """Whether the header, read so, has every column that the profile names; True where nothing can be said."""
    units = split(sample, encoding, profile.delimiter, profile.quote, most=profile.header_lines + 1)
    if len(units) < profile.header_lines:
        return not sample.head
    header = {cell.strip().removeprefix("\ufeff") for cell in units[profile.header_lines - 1][1]}
    return all(column.strip() in header for _, column in mapped_columns(profile) if isinstance(column, str))
