"""What is run by hand: it writes files that are committed."""
