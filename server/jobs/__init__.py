"""Door: what happens later."""
