"""Posts and what belongs to them: media, polls, quotes, threads, search."""
