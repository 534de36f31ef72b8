"""What a plan is worth, whoever made it: its facts (once per plan), link budgets, exposure, weaknesses, checks, losses,
availability, drills.

Facts are numbers and ids, never text for a page.
"""
