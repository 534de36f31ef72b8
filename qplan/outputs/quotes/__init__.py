"""Requests for quotation: what a supplier is asked, as workbook and CSV.

Nothing else goes in: no corridor, no relay, no price, no other supplier.
"""
