"""What an organiser does with a call after it was made: pages below ``/calls/{id}/organise``.

All begin with ``frame.organised``: whoever may not see the call meets what is met where there is none, and who sees it and
does not steer its community is refused. Each form ends in the verb that the client API calls.
"""
