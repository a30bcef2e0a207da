package main

import (
	"context"
	"slices"
)

const helpHelp = `Usage:
    portolan help [COMMAND]

Print help for portolan, or for one of its commands.

Exit codes:
    0 done, 1 failed, 2 wrong settings

Example:
    $ portolan help generate
`

func (p *program) help(_ context.Context, args []string) error {
	if len(args) == 2 && slices.Contains(commandOf(args[0]).words, args[1]) {
		args = args[:1] // whose help describes them all
	}
	if len(args) > 1 {
		return usagef("help takes one command, but got %d operands", len(args))
	}
	if len(args) == 0 {
		p.printf("%s", helpOverview)
		return nil
	}
	name := args[0]
	if name == "--help" || name == "-h" {
		name = "help"
	}
	c := commandOf(name)
	if c.run == nil {
		return unknownCommand(name)
	}
	p.printf("%s", c.help)
	return nil
}
