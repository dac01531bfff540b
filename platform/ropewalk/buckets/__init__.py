"""Objects under keys of their owners' choice: a project's bucket, the run cache of its DVC remote, and uploads in parts."""
