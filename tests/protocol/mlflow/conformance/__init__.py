"""MLflow's REST behaviour as stories that a stock ``mlflow server`` and Ropewalk are told alike, in one session."""
