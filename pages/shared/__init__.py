"""What the pages share: the sidebar, the session, the cache of fits, the editors."""
