"""How a node's own people speak to it: a Unix socket in its folder that only its owner can open (spec node 7)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, final

from aiohttp import web

from clew.chain.files import Documents
from clew.errors import ClewError, UsageError
from clew.joint.seeds import SeedShare
from clew.joint.terms import moment
from clew.node.bare_http import said_of
from clew.node.desk import Desk
from clew.node.evidence_file import EvidenceFile
from clew.node.identity import require_short
from clew.node.running import Running
from clew.node.states import awaited, next_step
from clew.node.unmask_request import UnmaskRequest
from clew.warrants.files import read_file
from clew.warrants.policy import read_policy

__all__ = ["Control"]

_LIMIT: Final = 1 << 24


@final
class Control:
    """The server of the socket."""

    def __init__(self, desk: Desk) -> None:
        self.taking_up: str | None = "its traces"
        """What the node still takes up, before it does anything else; ``None`` when it serves."""
        self._desk = desk
        self._path = desk.identity.settings.socket
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Take commands."""
        require_short(self._path.parent)
        self._path.unlink(missing_ok=True)  # the database's lock says that no other node serves here
        app = web.Application(client_max_size=_LIMIT)
        app.router.add_post("/", self._post)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self._path)).start()
        self._path.chmod(0o600)

    async def stop(self) -> None:
        """Take no more commands."""
        if self._runner is not None:
            await self._runner.cleanup()
        self._path.unlink(missing_ok=True)

    async def _post(self, request: web.Request) -> web.Response:
        try:
            found = await self._do(await request.json())
        except ClewError as error:
            return _error(error)
        except Exception as error:  # of one command; the node goes on, and says what it is
            return _error(
                ClewError(
                    "node.bug",
                    f"the command met a bug in Clew ({said_of(error)}); what was committed is unchanged",
                    mend="Please report it. The node goes on.",
                )
            )
        return web.json_response({"result": found})

    async def _do(self, asked: Mapping[str, Any]) -> Any:
        desk, what = self._desk, asked["do"]
        if self.taking_up is not None:
            raise UsageError(
                "node.taking-up",
                f"the node starts, and is taking up {self.taking_up} where it was left",
                mend="Wait: what was computed before is computed again. clew node serve says when it is done.",
            )
        if what == "list":
            return await asyncio.to_thread(lambda: [summary(desk, one) for one in desk.traces()])
        if what == "open":
            return summary(desk, await asyncio.to_thread(desk.open, asked["partner"], asked["terms"]))
        one = desk.find(asked["case"])
        if what in ("pause", "resume"):
            if what == "pause":
                await asyncio.to_thread(one.pause, asked["reason"])
            else:
                await asyncio.to_thread(one.go_on)
            return summary(desk, one)  # the partner is told meanwhile: its node may be frozen
        return await asyncio.to_thread(_act, desk, one, what, asked)


def _error(error: ClewError) -> web.Response:
    return web.json_response({"error": {**error.as_json(), "class": type(error).__name__}})


def _act(desk: Desk, one: Running, what: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    if what == "accept":
        one.accept()
    elif what == "start":
        _start(desk, one, asked)
    elif what == "refuse":
        one.refuse(asked["reason"])
    elif what == "revoke":
        one.revoke(read_file(Path(asked["revocation"]), _LIMIT))
    elif what == "close":
        one.close()
    elif what == "result":
        return {**summary(desk, one), "folder": str(one.result()), "receipt": one.receipt()}
    elif what == "receipt":
        file = one.receipt_file()
        holders = read_policy(desk.identity.settings.policy).holders
        return {
            "receipt": one.receipt(),
            "file": str(file) if file is not None else None,
            "approvers": {holder.key.id: holder.name for holder in holders},
        }
    elif what == "terms":
        return one.terms_document()
    elif what == "request":
        made = one.draft_unmasking(asked["reasons"], int(asked["until"]))
        return {"file": made.encode().decode(), "request": made.digest.hex()}
    elif what == "evidence":
        found = EvidenceFile.of(one.documents, desk.storage.evidence(one.id))
        return {
            **summary(desk, one),
            "file": found.encode().decode(),
            "answers": len(found.exchanges),
            "lists": len(found.lists),
        }
    elif what == "unmask":
        one.unmask(UnmaskRequest.parse(str(asked["file"]).encode()))
    elif what != "status":
        raise UsageError("node.command", "this node knows no such command", mend="Use the Clew that it runs with.")
    return {**summary(desk, one), "receipt": one.receipt()}


def _start(desk: Desk, one: Running, asked: Mapping[str, Any]) -> None:
    policy_file = desk.identity.settings.policy
    policy = read_policy(policy_file)
    warrant, amendments = Path(asked["warrant"]), [Path(path) for path in asked.get("amendments", ())]
    documents = Documents(
        read_file(warrant, _LIMIT),
        policy.source,
        tuple(read_file(path, _LIMIT) for path in amendments),
        policy.revocations,
        policy_file,
        (str(warrant), *map(str, amendments)),
    )
    one.start(documents, [SeedShare(number, bytes.fromhex(secret)) for number, secret in asked["seeds"]])


def summary(desk: Desk, one: Running) -> dict[str, Any]:
    """A trace as ``clew case status`` shows it. It holds no number."""
    row, offer, here = one.row, one.terms, one.trouble_here
    found: dict[str, Any] = {
        "number": row.id,
        "case": row.name,
        "role": row.role,
        "partner": one.partner.name if one.partner is not None else "(no longer pinned)",
        "state": row.state,
        "next": next_step(row.role, row.state) if _case_is_written(one) else "",
        "awaits": "" if here or one.paused is not None else awaited(row.role, row.state),
        "paused": row.paused,
        "reason": row.reason,
        "partner_says": {"state": one.partner_says.state, "reason": one.partner_says.reason},
        "trouble": here or one.trouble,
        "trace": row.trace.hex() if row.trace is not None else None,
        "folder": str(one.folder),
        "snapshot": one.snapshot_state(),
        "snapshot_bytes": _snapshot_bytes(desk, one),
        "waiting_to_be_sent": one.outgoing is not None,
    }
    if offer is not None:
        begin, end = moment(offer.begin), moment(offer.end)
        found["terms"] = {
            "stage": offer.stage,
            "begin": begin.isoformat(),
            "end": end.isoformat(),
            "hub_limit": offer.hub_limit,
            "auditor": offer.auditor.hex() if any(offer.auditor) else None,
            "declared": one.declared,
        }
    return found


def _case_is_written(one: Running) -> bool:
    """Whether the graph stands in the case folder, where the next step is to look at it: it comes after the state."""
    if one.row.state != "traced":
        return True
    try:
        return one.files.has_graph
    except ClewError:  # of a case folder that was damaged later; whoever opens it hears what is wrong with it
        return True


def _snapshot_bytes(desk: Desk, one: Running) -> dict[str, int | None] | None:
    """How much of the partner's snapshot is here, and how much there is; ``None`` where none is coming."""
    if one.snapshot_state() != "coming":
        return None
    try:
        here = one.files.partial.stat().st_size
    except FileNotFoundError:  # it has just come whole
        return None
    return {"here": here, "whole": desk.snapshot_sizes.get(one.id)}
