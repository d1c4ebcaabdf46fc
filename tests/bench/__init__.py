"""What one core does: signed activities, deliveries, timeline pages, start-up and memory.

``python -m tests.bench`` starts an instance as a process tree of its own (server and PostgreSQL, pinned
to one core where the system allows it), loads it from the other cores over loopback, and prints medians
of three rounds beside the machine that they were taken on. Nothing leaves the machine; what was started
is ended. Figures of a busy machine are figures of a busy machine: the load average is printed too, and
CPU seconds move less than rates.
"""
