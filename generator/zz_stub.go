package generator

import "io"

type Contents struct{ *Chart }

func ReadContents(r io.Reader, c Checks) (*Contents, error) {
	ch, err := Check(r, c)
	if err != nil {
		return nil, err
	}
	return &Contents{ch}, nil
}
