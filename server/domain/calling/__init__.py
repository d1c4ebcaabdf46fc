"""Calls to action and who takes part in them: kinds, answers, counts, what is told around them."""
