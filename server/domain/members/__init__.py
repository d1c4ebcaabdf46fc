"""Members and the accounts that we know: signing in, following, what each sets for themselves."""
