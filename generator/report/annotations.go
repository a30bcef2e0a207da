package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// maxAnnotations is the number of errors that GitHub shows for a step.
const maxAnnotations = 10

// Annotations writes workflow commands that make GitHub Actions show rejected
// uploads and errors as annotations.
func Annotations(w io.Writer, r *Run) error {
	var all []string
	for _, c := range r.channels() {
		for _, receipt := range c.Receipts {
			if receipt.Verdict == verdict.Rejected {
				all = append(all, annotation(c, receipt))
			}
		}
		if c.Error != "" {
			all = append(all, command("portolan: "+c.Channel, lines(c.Error)))
		}
	}
	if err := r.rest(); err != nil {
		all = append(all, command("portolan", lines(err.Error())))
	}
	if more := len(all) - maxAnnotations; more > 0 {
		all = append(all[:maxAnnotations-1], command("portolan", fmt.Sprintf("and %d more errors", more+1)))
	}
	_, err := io.WriteString(w, strings.Join(all, ""))
	return err
}

func annotation(c generator.ChannelReport, r droparea.Receipt) string {
	text := short(r.Message, maxProse)
	if r.Fix != "" {
		text += "\nfix: " + short(r.Fix, maxProse)
	}
	if job := Job(r); job != "" {
		text += "\n" + by(r) + " " + job
	}
	return command(fmt.Sprintf("%s: %s rejected", c.Channel, subject(r)), text)
}

var (
	inMessage  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	inProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// command returns the line that makes GitHub show an error.
func command(title, message string) string {
	return fmt.Sprintf("::error title=%s::%s\n", inProperty.Replace(short(title, maxName)), inMessage.Replace(message))
}
