"""What a plan is worth, whoever made it: its facts (once per plan), link budgets, exposure, weaknesses, checks.

Facts are numbers and ids, never text for a page.
"""
