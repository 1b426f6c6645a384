raise RuntimeError("failed at import")
