"""Losses and key rates: floats in, floats out; nothing else of qplan is imported here."""
