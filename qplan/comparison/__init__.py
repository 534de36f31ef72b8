"""What differs between two plans (each as its facts), or between two inventories: one frozen value for every output.

Addresses, ids and numbers, never text for a page. Nothing is read, planned or worked out again here.
"""
