"""The state folder: where a check is durable between letters, and where every step is logged before it happens.

Spec 8. A command that is given again with the same letter gives the same letter back.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, final

import pyarrow as pa

from clew.audit.log import Entry, FileLog, Receipt, Value
from clew.durable import make_folder, write_file
from clew.effects import Clock, Randomness
from clew.errors import ClewError, InputError, PeerError, Refused, StorageError, UsageError
from clew.joint.overlap import files
from clew.joint.overlap.about import SHOWN, About, decode_check, encode_check
from clew.joint.overlap.letters import Letter, letter_limit, open_letter, open_question, parse_letter, write_letter
from clew.joint.overlap.limits import Limits, answered_within, require_rate
from clew.joint.overlap.partner_sets import PartnerSets
from clew.joint.overlap.published import Published, open_set
from clew.joint.overlap.secret import Secret
from clew.joint.overlap.sets import SetKeeper
from clew.joint.overlap.standing import (
    Step,
    asked_set_of,
    common_of,
    entry_of,
    key_id,
    limits_of,
    over,
    secret_of,
    set_of,
    size_of,
)
from clew.joint.overlap.states import (
    Agreed,
    Asked,
    Common,
    Considering,
    Counted,
    Done,
    Ended,
    Opened,
    State,
)
from clew.joint.overlap.steps import agree, answer, answer_from_set, ask, decline, receive
from clew.joint.overlap.wire import NO_SET, Answer, Message, Question, Refusal
from clew.warrants.keys import PublicKey, SigningKey

__all__ = ["Desk", "Signer"]

Signer = Callable[[str], SigningKey]
"""Gives the key that signs letters, from the file that the check names; asked only when there is one to sign."""

_CODES: Final = {"overlap.too-few": "too-few", "overlap.too-many": "too-many", "overlap.too-often": "too-often"}


@final
class Desk:
    """One organisation's checks, published sets and log, in one folder of mode 0700."""

    def __init__(self, folder: Path, clock: Clock, randomness: Randomness) -> None:
        self.folder = folder
        self._clock = clock
        self._randomness = randomness
        self.log = FileLog(folder / "log" / "log.jsonl", clock)
        self.sets = SetKeeper(folder / "sets")
        self._partner_sets = PartnerSets(folder / "partner-sets")

    def ask(
        self,
        numbers: pa.Array,
        limits: Limits,
        signer: Signer,
        partner: PublicKey,
        partner_name: str,
        key_file: str = "",
        published: Published | None = None,
    ) -> Step:
        """A new check: the question about ``numbers``, to be sent to the partner."""
        limits.require_own(len(numbers))
        key = signer(key_file)
        if key.public == partner:
            raise _same_key()
        with self._lock():
            if published is not None:
                self._partner_sets.keep(published)
            state, question = ask(
                numbers,
                limits,
                asker=bytes.fromhex(key.public.id),
                answerer=bytes.fromhex(partner.id),
                published=published,
                randomness=self._randomness,
            )
            check = question.check.hex()
            about = About(check, "asker", partner.raw.hex(), partner_name, key.public.id, key_file, "", 0, "", "")
            body: dict[str, Value] = {"asked": len(numbers)}
            if published is not None:
                body |= {"set": published.digest.hex(), "listed": published.listed}
            return self._send(about, state, question, key, self._commit("overlap.asked", about, **body))

    def answer(
        self,
        letter: bytes,
        limits: Limits,
        signer: Signer,
        own: str,
        partner: PublicKey,
        partner_name: str,
        numbers: pa.Array | None,
        key_file: str = "",
    ) -> Step:
        """The answer to a partner's question, from ``numbers`` or, where the question names one, a published set.

        ``own`` is the id of the key that the letter must be to. A question beyond the limits gets a refusal.
        """
        opened = parse_letter(letter)
        if opened.sender.hex() == own:
            raise _own_letter()
        try:
            question = open_question(opened, partner, bytes.fromhex(own))
        except (PeerError, Refused) as error:
            with self._lock():
                self.log.commit(Entry("overlap.refused", {"letter": _sha256(letter), "code": error.code}))
            raise
        check = question.check.hex()
        with self._lock():
            if self._path(check).exists():
                _require_going(self._load(check)[1])
                return self._again(check, letter)
            asked = len(question.elements)
            about = About(
                check,
                "answerer",
                partner.raw.hex(),
                partner_name,
                own,
                key_file,
                opened.exchange.hex(),
                1,
                _sha256(letter),
                "",
            )
            # What is wrong on this side is told to its own people alone.
            with self._refusals_logged(about):
                self._require_own_list(question, limits, numbers)
                signing = signer(about.key_file)
                _require_own_key(about, signing)
                answered = answered_within(self.log.entries(), partner.id, self._clock())
            try:
                limits.require_theirs(asked)
                require_rate(limits, answered)
            except Refused as error:
                return self._refuse_question(about, question, error, signing)
            with self._refusals_logged(about):
                state, message = self._answered(question, limits, numbers)
            sizes = {"asked": asked, "listed": message.listed}
            return self._send(about, state, message, signing, self._commit("overlap.answered", about, **sizes))

    def most_bytes(self, head: bytes) -> int:
        """How large the letter that begins with ``head`` may be; one of an unknown check is not read at all."""
        state = self._load(self._known(parse_letter(head)))[1]
        limits = limits_of(state)
        return letter_limit(limits.most if limits is not None else 0)

    def read(self, letter: bytes, signer: Signer) -> Step:
        """Where the check of a letter stands after it, and the reply if the protocol has one."""
        opened = parse_letter(letter)
        check = self._known(opened)
        with self._lock():
            about, state = self._load(check)
            if about.received == _sha256(letter):
                return self._again(check, letter)
            if opened.sender.hex() == about.own:
                raise _own_letter()
            _require_going(state)
            with self._refusals_logged(about):
                message = self._open(opened, about, state)
            # What is wrong with the copy of the partner's set is this side's, and no refusal.
            published = self._partner_set(about, state) if isinstance(message, Answer) else None
            with self._refusals_logged(about):
                after, reply = receive(state, message, randomness=self._randomness, published=published)
            key = signer(about.key_file) if reply is not None else None
            if key is not None:
                _require_own_key(about, key)
            receipt = self.log.commit(entry_of(about, state, after))
            about = replace(
                about,
                exchange=opened.exchange.hex(),
                letters=about.letters + 1,
                received=_sha256(letter),
                sent="",
            )
            if reply is not None and key is not None:
                return self._send(about, after, reply, key, receipt)
            if isinstance(after, Ended):
                return self._end(about, after, receipt)
            self._save(about, after, receipt)
            return Step(about, after, None)

    def restore_set(self, letter: bytes, data: bytes) -> None:
        """Put a partner's set back into the state folder, for the open check of ``letter`` that asks about it.

        It must be the very set that the check asks about; what is kept and is not this is replaced.
        """
        check = self._known(parse_letter(letter))
        with self._lock():
            about, state = self._load(check)
            _require_going(state)
            found = open_set(data, PublicKey(bytes.fromhex(about.partner)))
            if found.digest != asked_set_of(state):
                raise InputError(
                    "overlap.set-other",
                    "this is not the set that the check asks about",
                    mend="Give the file with which the check was begun; without one leave --filter out.",
                )
            self._partner_sets.keep(found)

    def agree(self, check: str, payloads: Callable[[pa.Array], pa.Array] | None, signer: Signer) -> Step:
        """This side's consent to learning which numbers are common; ``payloads`` gives a text for each own number."""
        with self._lock():
            about, state = self._load(check)
            if isinstance(state, Agreed | Opened):
                return self._repeated(about, state)
            if not isinstance(state, Counted | Considering):
                raise UsageError(
                    "overlap.nothing-to-decide",
                    "this check does not wait for a decision",
                    mend="clew overlap status shows what each check waits for.",
                )
            numbers = state.numbers if isinstance(state, Counted) else state.answered.own.numbers
            texts = payloads(numbers) if payloads is not None else None
            key = signer(about.key_file)
            _require_own_key(about, key)
            after, message = agree(state, texts, randomness=self._randomness)
            receipt = self._commit("overlap.agreed", about, common=size_of(state) or 0, payloads=texts is not None)
            return self._send(about, after, message, key, receipt)

    def decline(self, check: str, signer: Signer, deliver: Callable[[Step], object] = lambda _: None) -> Step:
        """The end of a check before anybody learns which, with a letter that says no more than that.

        ``deliver`` gets the letter out before the state is destroyed: a cut in between leaves it to be declined again.
        """
        with self._lock():
            about, state = self._load(check)
            _require_going(state)
            if not about.exchange:
                raise UsageError(
                    "overlap.nothing-to-decide",
                    "the partner has not answered yet",
                    mend="clew overlap close ends the check here.",
                )
            key = signer(about.key_file)
            _require_own_key(about, key)
            after, message = decline(state)
            letter = self._letter(about, state, message, key)
            receipt = self._commit("overlap.ended", about, why="declined")
            about = replace(about, letters=about.letters + 1)
            deliver(Step(about, after, letter))
            step = self._end(about, after, receipt)
            return Step(step.about, step.state, letter)

    def close(self, check: str) -> Step:
        """The end of a check: its secrets, lists and letters are destroyed here; nobody is told."""
        with self._lock():
            about, state = self._load(check)
            if isinstance(state, Ended) and self._swept(check):
                return Step(about, state, None)
            _require_going(state)
            why = "done" if isinstance(state, Done) else "closed"
            return self._end(about, Ended(why), self._commit("overlap.ended", about, why=why))

    def publish(self, name: str, numbers: pa.Array, signer: Signer, key_file: str = "") -> Published:
        """A new published set of these numbers under a new key; earlier ones of the name stay (spec 7)."""
        with self._lock():
            return self.sets.publish(name, numbers, lambda: signer(key_file), self.log, self._randomness)

    def retire(self, name: str, digest: str = "") -> None:
        """Destroy the published sets of a name and their keys, or one of them; open checks about them end with them."""
        with self._lock():
            digests = set(self.sets.digests(name, digest))
            for about, state in self.all():
                if set_of(state) in digests:
                    self._end(about, Ended("set-retired"), self._commit("overlap.ended", about, why="set-retired"))
            self.sets.retire(name, self.log, digest)

    def remove_damaged(self, name: str) -> None:
        """Destroy what is left of a check whose state cannot be read."""
        with self._lock():
            folder = self.folder / "checks" / name
            self.log.commit(
                Entry("overlap.ended", {"folder": hashlib.sha256(name.encode()).hexdigest(), "why": "damaged"})
            )
            with files.storage(folder):
                for path in sorted(folder.iterdir()):
                    files.destroy(path)
                folder.rmdir()

    def told(self, letter: bytes) -> Common | None:
        """Which numbers are common, if ``letter`` is the one that told it: reading it again tells the same."""
        about, state = self._load(self._known(parse_letter(letter)))
        return common_of(state) if about.received == _sha256(letter) else None

    def keeps(self, path: Path) -> bool:
        """Whether a file is a letter that an open check has written: writing it there again changes nothing."""
        size = path.stat().st_size
        kept = (one for one in (self.folder / "checks").glob("*/letter-*") if one.stat().st_size == size)
        return any(files.read(one) == path.read_bytes() for one in kept)

    def all(self) -> list[tuple[About, State]]:
        """Every check of the folder that can be read, in no order that means anything; see :meth:`damaged`."""
        return [found for _, found in self._checks() if found is not None]

    def damaged(self) -> list[str]:
        """The checks whose state cannot be read, by the beginning of their identifiers."""
        return [name for name, found in self._checks() if found is None]

    def _checks(self) -> list[tuple[str, tuple[About, State] | None]]:
        found: list[tuple[str, tuple[About, State] | None]] = []
        for path in sorted((self.folder / "checks").glob("*")):
            try:
                found.append((path.name, self._load_path(path / "state")))
            except StorageError:
                found.append((path.name, None))
        return found

    def one(self, prefix: str | None, *kinds: type[State]) -> tuple[About, State]:
        """The check that begins with ``prefix``, or the only one in a state of ``kinds``."""
        found = [
            (about, state)
            for about, state in self.all()
            if (about.check.startswith(prefix) if prefix else isinstance(state, kinds))
        ]
        if len(found) != 1:
            raise UsageError(
                "overlap.which-check",
                "no check fits" if not found else f"{len(found)} checks fit",
                mend="Name it with --check; clew overlap status lists them.",
            )
        return found[0]

    # What stands on the disk.

    def _require_own_list(self, question: Question, limits: Limits, numbers: pa.Array | None) -> None:
        """Return if there is a list to answer from, within this side's own limits."""
        if question.published != NO_SET:
            limits.require_own(len(self.sets.find(question.published)[1].tags))
        elif numbers is not None:
            limits.require_own(len(numbers))
        else:
            raise _no_list()

    def _answered(self, question: Question, limits: Limits, numbers: pa.Array | None) -> tuple[State, Answer]:
        """The answer, under a key of its own or that of the published set that the question names."""
        if question.published != NO_SET:
            key, own = self.sets.find(question.published)
            return answer_from_set(question, own, key, limits, randomness=self._randomness)
        assert numbers is not None
        return answer(question, numbers, limits, randomness=self._randomness)

    def _send(self, about: About, state: State, message: Message, key: SigningKey, receipt: Receipt) -> Step:
        """Keep the letter, then the state that follows it: a crash between the two repeats the step."""
        _require_own_key(about, key)
        folder = self._path(about.check).parent
        letter = self._letter(about, state, message, key)
        name = f"letter-{about.letters + 1}"
        with files.storage(folder):
            make_folder(folder)
            write_file(folder / name, letter)
        about = replace(about, letters=about.letters + 1, sent=name)
        self._save(about, state, receipt)
        return Step(about, state, letter)

    def _letter(self, about: About, state: State, message: Message, key: SigningKey) -> bytes:
        partner = PublicKey(bytes.fromhex(about.partner))
        theirs = bytes.fromhex(about.exchange)
        return write_letter(message, key, partner, secret_of(state).exchange(), theirs, self._randomness)

    def _refuse_question(self, about: About, question: Question, error: Refused, key: SigningKey) -> Step:
        """Log the refusal, tell the partner its code, and keep nothing but that."""
        self._commit("overlap.refused", about, code=error.code)
        code = _CODES.get(error.code)
        if code is None:
            raise error
        partner, theirs = PublicKey(bytes.fromhex(about.partner)), bytes.fromhex(about.exchange)
        own = Secret.generate(self._randomness).exchange()
        letter = write_letter(Refusal(question.check, code), key, partner, own, theirs, self._randomness)
        return Step(about, Ended(code), letter, refused=len(question.elements))

    def _open(self, letter: Letter, about: About, state: State) -> Message:
        _require_going(state)
        partner, theirs = PublicKey(bytes.fromhex(about.partner)), bytes.fromhex(about.exchange)
        return open_letter(letter, partner, bytes.fromhex(about.own), secret_of(state).exchange(), theirs)

    def _again(self, check: str, letter: bytes) -> Step:
        about, state = self._load(check)
        if about.received != _sha256(letter):
            raise PeerError(
                "overlap.read-before",
                "an earlier letter of this check, or another one in its place",
                mend="clew overlap status shows what each check waits for.",
            )
        return self._repeated(about, state)

    def _repeated(self, about: About, state: State) -> Step:
        """What the last step gave, once more."""
        with files.storage(self.folder):
            sent = files.read(self._path(about.check).with_name(about.sent)) if about.sent else None
        return Step(about, state, sent, again=True)

    def _save(self, about: About, state: State, receipt: Receipt) -> None:
        """Make a state durable; ``receipt`` is that of the entry that says what it is about to know or has sent."""
        if not receipt.kind.startswith("overlap."):
            raise Refused("log.wrong-receipt", f"a state of a check needs a receipt of overlap, not of {receipt.kind}")
        path = self._path(about.check)
        with files.storage(path.parent):
            make_folder(path.parent)
            files.replace(path, encode_check(about, state))

    def _load(self, check: str) -> tuple[About, State]:
        about, state = self._load_path(self._path(check))
        if about.check != check:
            # Another check whose identifier begins alike.
            raise _unknown_check()
        return about, state

    def _load_path(self, path: Path) -> tuple[About, State]:
        with files.storage(path.parent):
            data = files.read(path)
        return decode_check(data, self.sets.find)

    def _end(self, about: About, state: Ended, receipt: Receipt) -> Step:
        """Keep that the check was, and why it ended; destroy the rest."""
        about = replace(about, sent="", exchange="")
        self._save(about, state, receipt)
        self._swept(about.check)
        return Step(about, state, None)

    def _swept(self, check: str) -> bool:
        """Destroy the letters of a check that is over, and partners' sets that no open check asks about; if any."""
        folder = self._path(check).parent
        wanted = {digest.hex() for _, state in self.all() if (digest := asked_set_of(state)) is not None}
        with files.storage(folder):
            found = sorted(folder.glob("letter-*"))
            if not self.damaged():
                found += self._partner_sets.except_for(wanted)
            for path in found:
                files.destroy(path)
        return bool(found)

    def _known(self, letter: Letter) -> str:
        check = letter.check.hex()
        if not self._path(check).exists():
            own = any(letter.sender.hex() == about.own for about, _ in self.all())
            raise _own_letter() if own else _unknown_check()
        return check

    def _path(self, check: str) -> Path:
        return self.folder / "checks" / check[:SHOWN] / "state"

    def _partner_set(self, about: About, state: State) -> Published | None:
        """The set that a check asks about, while its answer is awaited."""
        if not isinstance(state, Asked) or state.question.published == NO_SET:
            return None
        return self._partner_sets.find(state.question.published, PublicKey(bytes.fromhex(about.partner)))

    @contextmanager
    def _refusals_logged(self, about: About) -> Iterator[None]:
        """Logs whatever stops a letter whose signature fits, unless it is the log itself that does."""
        try:
            yield
        except ClewError as error:
            if not error.code.startswith("log."):
                self._commit("overlap.refused", about, code=error.code)
            raise

    def _commit(self, kind: str, about: About, **fields: Value) -> Receipt:
        return self.log.commit(Entry(kind, {"check": about.check, "partner": key_id(about.partner), **fields}))

    def _require_log(self) -> None:
        """Return if the log is there, or nothing yet that it could tell of: it counts what a partner was answered."""
        begun = any(any((self.folder / name).glob("*")) for name in ("checks", "sets"))
        if begun and not (self.folder / "log" / "log.jsonl").exists():
            raise Refused(
                "overlap.log-missing",
                "there are checks or sets in the state folder, and their log is gone",
                where=str(self.folder / "log" / "log.jsonl"),
                mend="Restore it from a backup: without it nobody knows how often a partner was answered.",
            )

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with files.storage(self.folder):
            make_folder(self.folder)
            descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._require_log()
            yield
        finally:
            os.close(descriptor)


def _require_going(state: State) -> None:
    if isinstance(state, Ended):
        raise over()


def _require_own_key(about: About, key: SigningKey) -> None:
    if key.public.id != about.own:
        raise InputError(
            "overlap.other-own-key",
            "this check was begun with another signing key",
            mend="Give the key file that the check was begun with.",
        )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _same_key() -> UsageError:
    return UsageError(
        "overlap.same-key",
        "your key and the partner's are the same",
        where="--partner",
        mend="Give the .pub.toml file that the partner sent you.",
    )


def _no_list() -> UsageError:
    return UsageError(
        "overlap.no-list", "the question needs a list to be compared with", mend="Give your list with --list."
    )


def _own_letter() -> UsageError:
    """The error for somebody who reads what they have to send."""
    return UsageError(
        "overlap.own-letter", "this is your own letter", mend="Send it to the partner; theirs is to read."
    )


def _unknown_check() -> ClewError:
    return InputError(
        "overlap.unknown-check",
        "this letter belongs to no check of the state folder",
        mend="Give the folder with --state; a first letter is answered with clew overlap answer.",
    )
