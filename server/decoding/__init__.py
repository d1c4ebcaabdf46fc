"""What people upload, opened in a process of its own and written anew.

``process`` starts ``worker`` for one file and waits for it, within bounds of time, memory and size. The
worker decodes (``images``, ``films``) and writes what will be shown: without any metadata, upright, of a
size and form that every client can show. Decoders are the part of a server that hostile files attack most;
here they may crash, hang, be killed or be taken over, and all that is lost is one upload: ``walls`` keeps the
worker from all else. The server itself never imports them.
"""
