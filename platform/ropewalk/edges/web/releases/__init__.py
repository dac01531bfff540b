"""Tags, releases and the people behind them."""
