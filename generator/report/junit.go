package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// The elements of a JUnit report, as GitLab, Jenkins and others read it.
type (
	testSuites struct {
		XMLName  xml.Name    `xml:"testsuites"`
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Time     string      `xml:"time,attr"`
		Suites   []testSuite `xml:"testsuite"`
	}
	testSuite struct {
		Name      string     `xml:"name,attr"`
		Tests     int        `xml:"tests,attr"`
		Failures  int        `xml:"failures,attr"`
		Errors    int        `xml:"errors,attr"`
		Skipped   int        `xml:"skipped,attr"`
		Time      string     `xml:"time,attr"`
		Timestamp string     `xml:"timestamp,attr"`
		Cases     []testCase `xml:"testcase"`
	}
	testCase struct {
		Name      string  `xml:"name,attr"`
		Class     string  `xml:"classname,attr"`
		Time      string  `xml:"time,attr"`
		Skipped   *reason `xml:"skipped"`
		Error     *reason `xml:"error"`
		Failure   *reason `xml:"failure"`
		SystemOut string  `xml:"system-out,omitempty"`
	}
	reason struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes a run as JUnit XML. A channel is a test suite and an upload a test
// case, which fails if the upload is rejected. Waiting uploads are skipped test
// cases, and what stopped the run is an error.
func JUnit(w io.Writer, r *Run) error {
	all := testSuites{Name: "portolan", Time: seconds(r.Took)}
	for _, c := range r.channels() {
		if s := r.suite(c); len(s.Cases) > 0 {
			all.add(s, r)
		}
	}
	if err := r.rest(); err != nil {
		all.add(testSuite{Name: "portolan", Cases: []testCase{failed("portolan", err.Error(), r.Hint)}}, r)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", " ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// add adds a suite and sums up its results. Only the whole run has a time: times
// of single uploads are of no interest.
func (all *testSuites) add(s testSuite, r *Run) {
	s.Time, s.Timestamp = "0.000", r.Start.UTC().Format("2006-01-02T15:04:05")
	for i, c := range s.Cases {
		s.Tests++
		s.Cases[i].Class, s.Cases[i].Time = s.Name, "0.000"
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	all.Tests += s.Tests
	all.Failures += s.Failures
	all.Errors += s.Errors
	all.Suites = append(all.Suites, s)
}

func (r *Run) suite(c generator.ChannelReport) testSuite {
	s := testSuite{Name: short(c.Channel, maxName)}
	seen := map[string]bool{}
	for _, receipt := range c.Receipts {
		one := r.testCase(receipt)
		if seen[one.Name] { // GitLab shows only the last of several cases with the same name
			one.Name += ", upload " + short(receipt.ID, maxName)
		}
		seen[one.Name] = true
		s.Cases = append(s.Cases, one)
	}
	for _, u := range c.Waiting {
		t := testCase{Name: short(u.Name(), maxName)}
		t.Skipped = &reason{Message: "waiting: " + short(u.Reason, maxProse)}
		s.Cases = append(s.Cases, t)
	}
	if c.Error != "" {
		s.Cases = append(s.Cases, failed(c.Channel, c.Error, r.Hint))
	}
	return s
}

// failed returns the test case of a run that failed.
func failed(what, message, hint string) testCase {
	e := &reason{Message: lines(message), Type: "run", Text: lines(message)}
	if hint != "" {
		e.Text += "\nhint: " + lines(hint)
	}
	return testCase{Name: "run of " + short(what, maxName), Error: e}
}

func (r *Run) testCase(receipt droparea.Receipt) testCase {
	t := testCase{Name: subject(receipt)}
	var text []string
	if receipt.Verdict == verdict.Rejected {
		text = append(text, short(receipt.Message, maxProse))
		if receipt.Fix != "" {
			text = append(text, "fix: "+short(receipt.Fix, maxProse))
		}
		text = append(text, "rule: "+short(receipt.Rule, maxName))
	} else {
		text = append(text, string(receipt.Verdict))
		if link := r.link(receipt.URL); link != "" {
			text = append(text, link)
		}
	}
	for _, w := range receipt.Warnings {
		text = append(text, "warning: "+short(w.Message, maxProse))
	}
	text = append(text, noun(receipt)+": "+short(receipt.ID, maxName))
	if job := Job(receipt); job != "" {
		text = append(text, by(receipt)+": "+job)
	}
	details := strings.Join(text, "\n")
	if receipt.Verdict == verdict.Rejected {
		t.Failure = &reason{Message: text[0], Type: short(receipt.Rule, maxName), Text: details}
	} else {
		t.SystemOut = details
	}
	return t
}

// lines cuts a text to maxLines lines, and each line to maxProse characters.
func lines(text string) string {
	var all []string
	for line := range strings.Lines(text) {
		if len(all) == maxLines {
			all = append(all, "…")
			break
		}
		all = append(all, short(strings.TrimRight(line, "\r\n"), maxProse))
	}
	return strings.Join(all, "\n")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
