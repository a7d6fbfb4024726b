"""Step 6: what a case says, as pages in three languages and as tables (``spec/case.md``, 8)."""
