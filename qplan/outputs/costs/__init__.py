"""What a plan costs, by year, corridor and quote, against a limit and another plan: for people and for programs."""
