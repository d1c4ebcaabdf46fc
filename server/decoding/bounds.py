"""What is accepted: told to clients by the instance, held by the worker."""

from __future__ import annotations

MIB = 1024 * 1024

IMAGE_BYTES = 16 * MIB
FILM_BYTES = 40 * MIB
"""Of video and sound."""

IMAGE_PIXELS = 33_177_600  # 7680 × 4320
SHOWN_PIXELS = 8_294_400  # 3840 × 2160: larger pictures are made smaller
SMALL_PIXELS = 230_400  # 640 × 360, the preview
FRAMES = 1_000
FRAME_PIXELS = 400_000_000
"""Of an animation: all frames together."""

FILM_PIXELS = 8_294_400
FRAME_RATE = 120
FILM_SECONDS = 3_600
CODED_PIXELS = 921_600  # 1280 × 720: what is encoded anew is made smaller
CODED_FRAME_RATE = 60
CODED_FILM_SECONDS = 120
CODED_SOUND_SECONDS = 1_200

AVATAR = (400, 400)
HEADER = (1500, 500)

WALL_SECONDS = 150.0
CPU_SECONDS = 240  # of all threads
MEMORY = 2048 * MIB  # of addresses, code included
