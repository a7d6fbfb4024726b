"""The option ``--policy`` of the commands that verify a case's warrant again."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["policy_option"]

policy_option = click.option(
    "--policy",
    type=click.Path(path_type=Path),
    help="Where the policy is now, if not where clew trace read it; its revocations count.",
)
