"""The pool: sentences on disk in shards, with their index, found by id."""
