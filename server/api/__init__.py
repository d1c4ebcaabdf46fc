"""Door: the Mastodon client API, OAuth, and Beckon's own API."""
