package generator

// UpdateGolden reports whether golden files are to be rewritten.
func UpdateGolden() bool { return *updateSchema }
