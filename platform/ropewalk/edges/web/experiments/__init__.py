"""Pages of runs: the experiments table, a run, a comparison."""
