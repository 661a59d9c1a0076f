"""What Mujaz knows of the Arabic language: folding, words, numbers, dates. Pure."""
