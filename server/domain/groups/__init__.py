"""Communities: who belongs, who steers, what they keep and decide."""
