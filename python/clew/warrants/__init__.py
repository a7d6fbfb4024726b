"""Step 2: a signed document goes in, an authorisation comes out (``spec/warrant.md``)."""
