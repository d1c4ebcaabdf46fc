"""The pages of those who run the instance, below ``/admin``."""
