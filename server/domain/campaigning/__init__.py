"""Campaigns that several servers run together: who agreed to what, the total, and what happens when a host is gone."""
