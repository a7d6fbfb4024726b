"""4. The overlap check: how many numbers two organisations' lists have in common, and, if both agree, which.

``spec/overlap.md`` is normative. The way of a check through the modules:

- ``lists``: a file of numbers, in canonical form, with an account of its lines;
- ``secret``, ``tags``, ``order``: the arithmetic, whole lists at a time;
- ``wire``, ``states``, ``steps``: messages, states, and the transitions between them, without I/O;
- ``letters``: a message signed and sealed for its way; ``filter``, ``published``: a large list, prepared once;
- ``desk``: the state folder, where a check is durable and every step is logged before it happens.
"""
