"""The S3 edge: a project's storage in Amazon's REST protocol, for DVC, boto3 and every other client that speaks it."""
