"""What single verbs print: findings, explanations, answers, rules, verification."""
