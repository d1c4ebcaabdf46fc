"""Translates between ActivityPub on the wire and frozen values. Knows no SQL and no server."""
