# /// script
# requires-python = ">=3.10,<3.12"
# dependencies = ["spu==0.9.5"]
# ///
"""Private set intersection with SecretFlow's ``spu``, two processes over loopback; run by ``bench/overlap.py``.

It stands in an environment of its own, because it wants an older NumPy. Arguments: what to run, how many items on
each side, how many in common, and a folder for its files. Prints seconds as JSON, from the files to the result:
``ecdh`` (and ``ecdh-elligator``, the one with a true hash to the curve), ``rr22``, or ``unbalanced``, whose stages
are timed one by one.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from pathlib import Path

import multiprocess
import spu.libspu.link as link
from spu import psi

CURVES = {"ecdh": "CURVE_25519", "ecdh-elligator": "CURVE_25519_ELLIGATOR2"}


def ports() -> list[int]:
    """Two free ports."""
    sockets = [socket.socket() for _ in range(2)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    found = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return found


def connect(rank: int, addresses: list[int]) -> link.Context:
    """This party's end of the link, or, with no addresses, the link to nobody that work done alone asks for."""
    description = link.Desc()
    if not addresses:
        description.add_party("alone", "127.0.0.1:1")
        return link.create_mem(description, 0)
    for party, port in enumerate(addresses):
        description.add_party(f"party{party}", f"127.0.0.1:{port}")
    return link.create_brpc(description, rank)


def write(folder: Path, sizes: list[int], common: int) -> list[Path]:
    """The two parties' items as CSV; the first ``common`` of each are the same."""
    files = []
    for rank, size in enumerate(sizes):
        file = folder / f"items{rank}.csv"
        numbers = (number if number < common else number + rank * 500_000_000 for number in range(size))
        file.write_text("id\n" + "".join(f"+9647{number:09}\n" for number in numbers))
        files.append(file)
    return files


def balanced(protocol: str, rank: int, addresses: list[int], files: list[Path]) -> dict[str, float]:
    """Seconds, and the size that came out."""
    config = psi.PsiExecuteConfig()
    config.protocol_conf = psi.PsiProtocolConfig()
    if protocol in CURVES:
        config.protocol_conf.protocol = psi.PsiProtocol.PROTOCOL_ECDH
        config.protocol_conf.ecdh_params = psi.EcdhParams(psi.parse_curve_type(CURVES[protocol]))
    else:
        config.protocol_conf.protocol = psi.PsiProtocol.PROTOCOL_RR22
    config.protocol_conf.receiver_rank = 0
    config.protocol_conf.broadcast_result = False
    config.input_params = psi.InputParams(path=str(files[rank]), selected_keys=["id"], keys_unique=True)
    config.output_params = psi.OutputParams(path=str(files[rank].parent / f"found{rank}.csv"), disable_alignment=True)
    context = connect(rank, addresses)
    begin = time.perf_counter()
    report = psi.psi_execute(config, context)
    seconds = time.perf_counter() - begin
    context.stop_link()
    return {"seconds": seconds, "common": report.intersection_count}


def unbalanced(stage: str, rank: int, addresses: list[int], files: list[Path]) -> dict[str, float]:
    """Seconds of one stage, and the size that came out; rank 0 is the client with the short list."""
    folder = files[0].parent
    key = folder / "server.key"
    config = psi.UbPsiExecuteConfig()
    config.mode = psi.parse_ub_psi_mode(stage)
    config.role = psi.parse_ub_psi_role("ROLE_CLIENT" if rank == 0 else "ROLE_SERVER")
    config.client_receive_result = True
    config.cache_path = str(folder / ("client.cache" if rank == 0 else "server.cache"))
    config.input_params = psi.InputParams(path=str(files[rank]), selected_keys=["id"], keys_unique=True)
    config.output_params = psi.OutputParams(path=str(folder / f"found{rank}.csv"), disable_alignment=True)
    if rank == 1:
        key.write_bytes(bytes(range(32)))
        config.server_params = psi.UbPsiServerParams(str(key))
    context = connect(rank, addresses)
    begin = time.perf_counter()
    report = psi.ub_psi_execute(config, context)
    seconds = time.perf_counter() - begin
    context.stop_link()
    return {"seconds": seconds, "common": report.intersection_count}


def party(what: str, rank: int, addresses: list[int], files: list[Path]) -> None:
    """One party; leaves its measures in a file."""
    run = unbalanced if what.startswith("MODE_") else balanced
    Path(f"{files[rank]}.json").write_text(json.dumps(run(what, rank, addresses, files)))


def together(what: str, files: list[Path], ranks: tuple[int, ...] = (0, 1)) -> dict[str, float]:
    """The measures of the party with the result, each party in a new process: a second run in one aborts."""
    addresses = ports() if len(ranks) == 2 else []
    parties = [multiprocess.Process(target=party, args=(what, rank, addresses, files)) for rank in ranks]
    for one in parties:
        one.start()
    for one in parties:
        one.join()
    if any(one.exitcode for one in parties):
        raise SystemExit(f"{what} ended with {[one.exitcode for one in parties]}")
    measures: dict[str, float] = json.loads(Path(f"{files[ranks[0]]}.json").read_text())
    return measures


def main() -> None:
    """Run it and print the measures."""
    what, mine, theirs, common, folder = sys.argv[1:]
    files = write(Path(folder).absolute(), [int(mine), int(theirs)], int(common))
    if what == "unbalanced":
        found = {"offline": together("MODE_OFFLINE_GEN_CACHE", files, ranks=(1,))["seconds"]}
        found["transfer"] = together("MODE_OFFLINE_TRANSFER_CACHE", files)["seconds"]
        found |= together("MODE_ONLINE", files)
    else:
        found = together(what, files)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
