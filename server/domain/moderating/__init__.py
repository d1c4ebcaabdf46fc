"""Moderation of communities and of the instance, and what the instance says of itself."""
