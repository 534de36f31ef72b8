"""Foreign files → inventory: `readers/` turn files into rows with their places, `stages/` make a network of the rows.

What is in doubt on the way is a finding (QP6xx); nothing is dropped or guessed in silence.
"""
