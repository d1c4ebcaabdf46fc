"""Door: inboxes, actors, objects, collections, WebFinger, NodeInfo."""
