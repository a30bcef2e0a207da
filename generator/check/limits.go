package check

// Default limits of one archive. Limits has what each one counts.
const (
	// defaultPacked is far above any chart of ours (the largest of 246 real
	// ones has 0.3 MiB); Flux takes at most 10 MiB.
	defaultPacked = 20 << 20
	// defaultUnpacked is what Helm itself loads at most.
	defaultUnpacked = 100 << 20
	// defaultFile is what Helm loads at most of one file, before 4.2.
	defaultFile = 5 << 20
	// defaultChartYAML bounds what is held of a Chart.yaml or lock file at once;
	// what the index repeats of it has a limit of its own.
	defaultChartYAML = 1 << 20
	// defaultEntries bounds the memory for names; charts have tens of files.
	defaultEntries = 10_000
	// defaultDepth bounds recursion, ours and Helm's; real charts nest twice.
	defaultDepth = 10
)

// Limits bound what one archive may cost to read. A zero field means its default.
type Limits struct {
	Packed    int64 // bytes of the archive
	Unpacked  int64 // bytes after decompression, tar headers and nested archives included
	File      int64 // bytes of one file
	ChartYAML int64 // bytes of one Chart.yaml, Chart.lock, requirements.yaml or requirements.lock, aliases expanded
	Entries   int   // files and folders, those of nested archives included
	Depth     int   // levels of charts within charts
}

// MaxLimits returns the largest limits that can be set, which is what Helm loads:
// any chart that was ever accepted keeps within them.
func MaxLimits() Limits {
	return Limits{Packed: 100 << 20, Unpacked: 100 << 20, File: 100 << 20, ChartYAML: 5 << 20, Entries: 100_000, Depth: 10}
}

// WithDefaults returns the limits with each zero field set to its default.
func (l Limits) WithDefaults() Limits {
	set(&l.Packed, defaultPacked)
	set(&l.Unpacked, defaultUnpacked)
	set(&l.File, defaultFile)
	set(&l.ChartYAML, defaultChartYAML)
	set(&l.Entries, defaultEntries)
	set(&l.Depth, defaultDepth)
	return l
}

// CheckSize says that an archive of this size is refused for that, with the same
// *Problem as [Archive]; nil if it is not.
func (c Options) CheckSize(size int64) error {
	if most := c.Limits.WithDefaults().Packed; size > most {
		return tooLarge(most)
	}
	return nil
}

func tooLarge(most int64) *Problem {
	return reject("packed-size", "the archive is larger than %s", sizeText(most))
}

func set[T int | int64](field *T, def T) {
	if *field == 0 {
		*field = def
	}
}

// bounds are what may still be spent on an archive and all archives in it.
type bounds struct {
	limits   Limits
	versions string // as in Options
	unpacked int64
	entries  int
	metadata int64 // bytes of Chart.yaml and requirements.yaml held at once
	left     cost  // for looking at files
	unread   bool  // there are templates that were not looked at
	warn     warnings
	contents *Contents // where to put what pages need; nil to leave it out
}

func newBounds(c Options) *bounds {
	limits := c.Limits.WithDefaults()
	return &bounds{
		limits: limits, versions: c.Versions, unpacked: limits.Unpacked, entries: limits.Entries,
		metadata: maxMetadataTotal, left: maxCost,
	}
}
