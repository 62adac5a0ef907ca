"""What the studio tells of itself: logs, metrics, traces, errors. Knows no room; every room may use it."""
