"""The ground floor: errors, keyed randomness, threads, files. It imports nothing of pellucid above it."""
