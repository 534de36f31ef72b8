"""Re-checks a plan from its lists alone; imports physics, inventory and plan, and nothing that optimises."""
