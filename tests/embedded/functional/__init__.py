"""The functional tests of the DocumentDB project, checked on MongoDB itself, against the embedded server."""
