package bucket

// OpenPlainly makes a folder store do without the calls that only Linux has.
func OpenPlainly(s Store) { s.(*folderStore).openHandle = openRoot }
