package publisher

import (
	"bufio"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/portolan-charts/portolan/publisher/channelname"
)

// Origin is what an index says about the channel that it is of. One who has read the index
// finds the channel's other files by it. Paths are relative to the folder that
// the index is in.
type Origin struct {
	// Head is the path of head if the index is that of all versions: it lists what is
	// yanked like all else, and does not say what State and Older are. Otherwise "".
	Head string

	State string // the path of the channel's state; "" if no action has made one
	Older string // the folder of the older index; "" if head lists all versions
}

// ReadOrigin reads the beginning of an index. It fails with ErrNotOurs if portolan did not
// write it.
func ReadOrigin(r io.Reader) (Origin, error) {
	line, err := bufio.NewReaderSize(io.LimitReader(r, maxHeader), maxHeader).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return Origin{}, err
	}
	x := &Index{header: strings.TrimSuffix(line, "\n")}
	h, err := x.Header()
	if err != nil {
		return Origin{}, err
	}
	l, err := decodeHeader(x.header)
	if err != nil {
		return Origin{}, err
	}
	if l.Annotations[versionsKey] != "" {
		return Origin{Head: path.Join("..", indexFile)}, nil
	}
	channel := l.Annotations[channelKey]
	if channel != "" && channelname.CheckOld(channel) != nil {
		return Origin{}, ErrNotOurs
	}
	var o Origin
	if stateGeneration(h.State) > 0 {
		o.State = stateKey(channel, h.State)
	}
	if h.Older {
		o.Older = path.Join(channel, olderPath(h.Generation))
	}
	return o, nil
}
