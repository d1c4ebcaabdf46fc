"""Rows to Mastodon entities: load a page's bundle with a fixed number of queries, then pure functions."""
