"""The bill of materials as tables, CSV and workbook."""
