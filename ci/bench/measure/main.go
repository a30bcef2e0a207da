// Command measure runs a command, discards its output, and prints as JSON what the
// process has cost. It is small because Linux counts the memory of the process that
// starts another as the other's own.
//
//	measure COMMAND [ARGUMENT]...
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"time"
)

func main() {
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	cmd.Stderr = os.Stderr
	begin := time.Now()
	err := cmd.Run()
	wall := time.Since(begin)
	if err == nil {
		s := cmd.ProcessState
		err = json.NewEncoder(os.Stdout).Encode(map[string]int64{
			"Wall": int64(wall), "CPU": int64(s.UserTime() + s.SystemTime()), // nanoseconds
			"Peak": peak(s),
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
