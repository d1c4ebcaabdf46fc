"""Answers: every door of Beckon, and the rules behind them."""
