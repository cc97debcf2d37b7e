"""What surrounds a pool, each by itself: Central Management, Edges, mirrors, conferences, Backup Service (seed 004)."""
