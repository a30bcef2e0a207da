package check

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"text/template/parse"
	"unicode/utf8"
)

// A templateFile is what is known of a file in templates/ before anybody has given
// values for it.
type templateFile struct {
	where   string // in the archive
	partial bool   // its name begins with _: it is read, for what it defines, but makes no manifest
	fault   string // why it cannot be rendered, or what it makes is not a manifest; "" if nothing is known against it
	uses    []templateUse
	defines map[string][]templateUse
	changes bool // it may add fields to the root that templates share
}

// A templateUse is what a template does whatever the values are: not in the body
// of an if, with or range, and not behind an and or or.
type templateUse struct {
	template string // it calls the template of this name
	fault    string // or fails, for this reason
	root     bool   // unless a template changes the root
}

// readTemplate looks at a template as far as the effort allows; it returns nil for
// one that is not looked at.
func (b *bounds) readTemplate(where string, data []byte) *templateFile {
	f := &templateFile{where: where, partial: strings.HasPrefix(path.Base(where), "_")}
	if !b.left.effort.forTemplate(data) {
		return nil
	}
	// No template of a file can be called this.
	const own = "\x00"
	trees, err := parse.Parse(own, string(data), "", "", templateFunctions())
	if err != nil {
		f.fault = parseFault(err, own)
		return f
	}
	f.changes = changesRoot(data)
	f.defines = map[string][]templateUse{}
	for name, tree := range trees {
		if name != own {
			f.defines[strings.Clone(name)] = usesOf(tree.Root, false)
		}
	}
	root := trees[own].Root
	f.uses = usesOf(root, true)
	if !f.partial && !strings.HasSuffix(where, "NOTES.txt") {
		f.fault = b.outputFault(root)
	}
	return f
}

// size is about how many bytes of memory the template takes.
func (f *templateFile) size() int {
	n := len(f.where) + len(f.fault) + usesSize(f.uses)
	for name, uses := range f.defines {
		n += 100 + len(name) + usesSize(uses)
	}
	return n
}

func usesSize(uses []templateUse) int {
	n := 0
	for _, u := range uses {
		n += 60 + len(u.template) + len(u.fault)
	}
	return n
}

// parseFault returns what package parse says of a template, without its name.
func parseFault(err error, name string) string {
	line, text, ok := strings.Cut(strings.TrimPrefix(err.Error(), "template: "+name+":"), ": ")
	if !ok {
		return "it cannot be parsed: " + Foreign(err)
	}
	return fmt.Sprintf("in line %s: %s", line, Foreign(errors.New(strings.ReplaceAll(text, name+":", "line "))))
}

// outputFault says what is wrong with a template's output in any case: all of it if
// it is nothing but text, and else the text around its actions.
func (b *bounds) outputFault(root *parse.ListNode) string {
	var text bytes.Buffer
	fixed := true
	for _, n := range root.Nodes {
		if t, ok := n.(*parse.TextNode); ok {
			text.Write(t.Text)
		} else {
			fixed = false
		}
	}
	if fixed {
		return b.manifestFault(text.Bytes())
	}
	return textFault(text.Bytes())
}

// textFault says why no YAML can hold the text.
func textFault(text []byte) string {
	if !utf8.Valid(text) {
		return "it is not UTF-8"
	}
	for _, c := range text {
		if c < ' ' && c != '\n' && c != '\t' && c != '\r' {
			return "it holds control characters, which no YAML may have"
		}
	}
	return ""
}

// maxUses bounds what is noted of one template.
const maxUses = 1000

// usesOf returns what a template does in any case. What a dot is, is known at the root
// of a file only: in a template of its own, its caller says.
func usesOf(list *parse.ListNode, file bool) []templateUse {
	w := &useWalk{file: file}
	for _, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			w.pipe(n.Pipe)
		case *parse.IfNode:
			w.pipe(n.Pipe)
		case *parse.WithNode:
			w.pipe(n.Pipe)
		case *parse.RangeNode:
			w.pipe(n.Pipe)
		case *parse.TemplateNode:
			w.pipe(n.Pipe)
			w.add(templateUse{template: n.Name})
		}
	}
	return w.uses
}

type useWalk struct {
	file bool
	uses []templateUse
}

// add notes a use, without the text of the whole file that its name is a part of.
func (w *useWalk) add(u templateUse) {
	if len(w.uses) < maxUses {
		u.template = strings.Clone(u.template)
		w.uses = append(w.uses, u)
	}
}

// pipe walks through what a pipeline evaluates. The parser has bounded its depth.
func (w *useWalk) pipe(p *parse.PipeNode) {
	if p == nil {
		return
	}
	for i, c := range p.Cmds {
		args := c.Args
		w.call(args[0], len(args)-1+min(i, 1)) // the first is given no result of another
		if id, ok := args[0].(*parse.IdentifierNode); ok {
			switch {
			case id.Ident == "include" && len(args) > 1:
				if name, ok := args[1].(*parse.StringNode); ok {
					w.add(templateUse{template: name.Text})
				}
			case id.Ident == "required" && requiresNothing(args):
				w.add(templateUse{fault: "it calls required for what is always empty"})
			case id.Ident == "fail" && len(args)+min(i, 1) == 2:
				w.add(templateUse{fault: failText(args)})
			case (id.Ident == "and" || id.Ident == "or") && len(args) > 2:
				args = args[:2] // the others are evaluated if need be
			}
		}
		for j, arg := range args {
			if j > 0 {
				w.call(arg, 0)
			}
			w.arg(arg)
		}
	}
}

func failText(args []parse.Node) string {
	if len(args) == 2 {
		if text, ok := args[1].(*parse.StringNode); ok {
			return "it calls fail in any case: " + Quote(text.Text)
		}
	}
	return "it calls fail in any case"
}

func (w *useWalk) arg(n parse.Node) {
	switch n := n.(type) {
	case *parse.PipeNode:
		w.pipe(n)
	case *parse.ChainNode:
		w.arg(n.Node)
	case *parse.FieldNode:
		w.field(n.Ident)
	case *parse.VariableNode:
		if n.Ident[0] == "$" {
			w.field(n.Ident[1:])
		}
	}
}

func (w *useWalk) field(names []string) {
	if !w.file || len(names) < 2 {
		return
	}
	if names[0] == "Capabilities" && !slices.Contains(capabilities, names[1]) {
		w.add(templateUse{fault: fmt.Sprintf("it asks for .Capabilities.%s, which does not exist", names[1])})
	}
	if fault := unknownField(names); fault != "" {
		w.add(templateUse{root: true, fault: fault})
	}
}
