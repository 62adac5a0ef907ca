"""The vendored network weights; their origin and licences stand in LICENSES.md beside them."""
