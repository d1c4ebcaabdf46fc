"""Mail: what is written to whom, how much, and to strangers only as they confirmed."""
