"""Door: pages for people."""
