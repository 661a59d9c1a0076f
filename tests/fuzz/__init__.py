"""Readers of outside data under random bytes: `make fuzz` hunts with coverage, `tests/property/test_fuzz_found.py` keeps what was found."""
