package main

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/portolan-charts/portolan/publisher"
)

func (p *program) printAll(all []publisher.ChannelStatus) error {
	if len(all) == 0 {
		p.printf("no channels yet\n")
		return nil
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CHANNEL\tGENERATION\tCHARTS\tVERSIONS\tSIZE\tCHANGED\tWAITING\tREJECTED")
	for _, s := range all {
		if s.Error != "" {
			fmt.Fprintf(w, "%s\terror\t-\t-\t-\t-\t%d\t%d\n", s.Channel, s.Waiting, s.Rejected)
			continue
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\t%s\t%d\t%d\n",
			s.Channel, s.Generation, s.Charts, s.Versions, sizeText(s.Size), timeText(s.Changed), s.Waiting, s.Rejected)
	}
	return w.Flush()
}

func (p *program) printStatus(s channelStatus) error {
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "channel\t%s\n", s.Channel)
	if s.Error == "" {
		printPublished(w, s)
	}
	fmt.Fprintf(w, "waiting\t%d\n", s.Waiting)
	if s.Rejected > 0 {
		fmt.Fprintf(w, "rejected\t%d in %d days; 'portolan uploads --rejected %s' says why\n", s.Rejected, rejectedDays, s.Channel)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, u := range s.Uploads {
		p.printf("  %s  %-36s  %s\n", timeText(u.Arrival), u.ID, short(cmp.Or(u.Action, u.File), maxName))
	}
	return nil
}

func printPublished(w io.Writer, s channelStatus) {
	fmt.Fprintf(w, "generation\t%d\n", s.Generation)
	fmt.Fprintf(w, "index of generation\t%d\n", s.IndexGeneration)
	fmt.Fprintf(w, "charts\t%d\n", s.Charts)
	fmt.Fprintf(w, "versions\t%d\n", s.Versions)
	if s.Older > 0 {
		fmt.Fprintf(w, "not in the index\t%s\n", count(s.Older, "older version"))
	}
	fmt.Fprintf(w, "size\t%s\n", sizeText(s.Size))
	fmt.Fprintf(w, "changed\t%s\n", timeText(s.Changed))
	if s.Untold > 0 {
		fmt.Fprintf(w, "still to be told\tgeneration %d\n", s.Untold)
	}
}
