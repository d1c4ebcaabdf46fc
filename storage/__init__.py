"""Remembers: one module per noun, SQL beside the function that runs it. Knows no HTTP."""
