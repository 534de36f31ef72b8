"""What users read: topology, map, tables, workbook, report and the plan folder."""
