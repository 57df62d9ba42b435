"""The functional tests of the DocumentDB project, whose answers were checked on MongoDB, against the embedded server."""
