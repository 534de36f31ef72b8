"""What a plan is worth, whoever made it: facts once per plan, exposure, weaknesses."""
