"""Pool: sentences on disk, in shards, and found by id."""
