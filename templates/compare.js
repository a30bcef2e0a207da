// Compares two versions of a chart, from their archives.
