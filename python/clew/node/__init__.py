"""One organisation's node: a process with an embedded database that runs joint traces (``spec/node.md``)."""
