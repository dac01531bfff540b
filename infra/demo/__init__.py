"""The demo: a whole machine-learning project put into a running instance the way its users would do it.

Everything but the accounts goes through the public address with unmodified clients: ``git``, ``dvc``, ``mlflow``, HTTP forms.
"""
