package testenv

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// maxUnits is how many units a step may take that is bounded however hostile its input
// is: some take a few, and what looks at the same bytes again and again takes thousands.
const maxUnits = 300

// Cheap fails the test if a step takes far longer than this machine, as busy as it is,
// needs for a fixed amount of work before or after it. A step that does is tried up to
// three times, since others may have used the machine meanwhile.
func Cheap(t testing.TB, name string, do func()) {
	t.Helper()
	var took, unit time.Duration
	for range 3 {
		before, start := unitOfWork(), time.Now()
		do()
		took = time.Since(start)
		unit = max(before, unitOfWork())
		if took <= maxUnits*unit {
			t.Log(name, took)
			return
		}
	}
	t.Errorf("%s takes %v, where reading 1 MB of JSON takes %v", name, took, unit)
}

// unitOfWork is how long it takes to read 1 MB of JSON.
func unitOfWork() time.Duration {
	text := "[" + strings.Repeat(`{"a": 1},`, 1<<20/9) + "0]"
	start := time.Now()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		panic(err)
	}
	return time.Since(start)
}
