"""HiGHS and CBC; the only place that knows their status codes."""
