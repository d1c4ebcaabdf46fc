"""Decides: one module per noun, one function per verb. The only home of rules."""
