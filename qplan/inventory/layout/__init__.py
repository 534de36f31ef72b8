"""The one layout of inventory files: indentation, spaces, blank lines and the place of comments, never the meaning.

Nothing is sorted: the order of ids goes into inventory.json, and with its hash into every plan made from it.
`canonical` is the way in; `printer` walks over the tokens of a file, `gaps` reads what stands between two tokens,
`lines` holds what is written and sets the columns of comments.
"""
